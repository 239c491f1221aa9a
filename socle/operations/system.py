"""How the whole site is, as the page shows it: facts, worst first, and versions."""

import platform
from dataclasses import dataclass

import django
import redis
from django.conf import settings
from django.db import connection
from django.utils.translation import gettext_lazy as _
from redis.exceptions import RedisError

from socle.core.health.check_runner import ask_all
from socle.core.health.results import CheckState, Fact, Words

WORST_FIRST = [CheckState.FAIL, CheckState.WARN, CheckState.OK]
REDIS_SECONDS = 1
TITLES = {
    "database": _("Database"),
    "locks": _("Waiting queries"),
    "redis": _("Redis"),
    "storage": _("Storage of photos"),
    "migrations": _("Migrations"),
    "worker": _("Worker"),
    "backup": _("Backup"),
    "certificate": _("Certificate"),
    "disk": _("Disk"),
    "mail": _("Mail"),
}


@dataclass(frozen=True)
class Shown:
    """One fact. `todo` is a command as it is typed, or a sentence."""

    name: str
    title: Words
    state: CheckState
    says: Words
    todo: Words
    is_command: bool


@dataclass(frozen=True)
class Version:
    name: str
    version: str
    """Empty where it could not be asked."""


@dataclass(frozen=True)
class System:
    facts: list[Shown]
    versions: list[Version]

    @property
    def failing(self) -> int:
        return sum(fact.state == CheckState.FAIL for fact in self.facts)

    @property
    def warning(self) -> int:
        return sum(fact.state == CheckState.WARN for fact in self.facts)


def look_at_system() -> System:
    facts = sorted(ask_all(), key=lambda fact: WORST_FIRST.index(fact.state))
    return System([_shown(fact) for fact in facts], versions())


def versions() -> list[Version]:
    return [
        Version(settings.PROJECT_NAME, settings.IMAGE_TAG),
        Version("Django", django.get_version()),
        Version("Python", platform.python_version()),
        Version("Postgres", _postgres_version()),
        Version("Redis", _redis_version()),
    ]


def _shown(fact: Fact) -> Shown:
    return Shown(
        name=fact.name,
        title=TITLES.get(fact.name, fact.name.capitalize()),
        state=fact.state,
        says=fact.says,
        todo=fact.todo,
        is_command=isinstance(fact.todo, str),  # sentences are translated
    )


def _postgres_version() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version")
        return cursor.fetchone()[0].split()[0]


def _redis_version() -> str:
    try:
        with redis.Redis.from_url(
            settings.REDIS_URL,
            socket_timeout=REDIS_SECONDS,
            socket_connect_timeout=REDIS_SECONDS,
        ) as client:
            return client.info("server")["redis_version"]
    except (RedisError, OSError):
        return ""
