"""Reads the environment, and reports every mistake in one go."""

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar
from urllib.parse import quote, urlsplit

from django.core.exceptions import ImproperlyConfigured
from environ import FileAwareEnv
from environ.fileaware_mapping import FileAwareMapping

from socle.core.env_rules import is_placeholder, rules, time_zones

Parsed = TypeVar("Parsed")
ZONES = Path("/usr/share/zoneinfo")


class Environment:
    """
    Typed values from `variables`; mistakes are collected until `raise_mistakes`.

    A secret may also come from the file that NAME_FILE names. What a variable may be is
    said in env_rules.txt: a value that is none of it counts as not given.
    """

    def __init__(self, variables: Mapping[str, str]):
        self._env = FileAwareEnv()
        self._env.ENVIRON = FileAwareMapping(dict(variables))
        self._mistakes: list[str] = []

    def text(self, name: str, default: str = "") -> str:
        return self._read(name, default, str) or default

    def flag(self, name: str, default: bool = False) -> bool:
        value = self._read(name, "", str).lower()
        if value not in {"", "0", "1", "true", "false"}:
            self._mistakes.append(f"{name} is {value!r}; it is 0 or 1.")
        return value in {"1", "true"} if value else default

    def number(self, name: str, default: int, *, at_least: int = 0) -> int:
        raw = self._read(name, "", str)
        if not raw:
            return default
        if not raw.isascii() or not raw.isdigit() or int(raw) < at_least:
            self._mistakes.append(
                f"{name} is {raw!r}; it is a whole number from {at_least}."
            )
            return default
        return int(raw)

    def share(self, name: str, default: float) -> float:
        """From 0 (none) to 1 (all)."""
        raw = self._read(name, "", str)
        if re.fullmatch(r"0|1|[01]?\.\d{1,9}", raw) and float(raw) <= 1:
            return float(raw)
        if raw:
            self._mistakes.append(f"{name} is {raw!r}; it is a number from 0 to 1.")
        return default

    def zone(self, name: str, default: str) -> str:
        """
        A time zone by a name that this machine knows: Debian's own data has left out
        old ones such as US/Eastern, which are then called by the name of today.
        """
        value = self.text(name, default)
        if not ZONES.exists() or (ZONES / value).exists():
            return value
        today = time_zones().get(value, value)
        if (ZONES / today).exists():
            return today
        self._mistakes.append(
            f"{name} is {value!r}, which this machine's time zones ({ZONES}) do not "
            "have yet: update its package tzdata."
        )
        return "UTC"

    def names(self, name: str) -> list[str]:
        return [part.strip() for part in self.text(name).split(",") if part.strip()]

    def choice(self, name: str, default: str, *, among: set[str]) -> str:
        value = self.text(name, default)
        if value not in among:
            self._mistakes.append(
                f"{name} is {value!r}; it is one of {', '.join(sorted(among))}."
            )
        return value

    def parsed(self, name: str, parse: Callable[[str], Parsed]) -> Parsed:
        """What `parse` makes of it; its ValueError is a mistake, "" must be none."""
        try:
            return parse(self.text(name))
        except ValueError as error:
            self._mistakes.append(f"{name}: {error}.")
            return parse("")

    def required(self, name: str) -> str:
        """A value that must be there and must not be a placeholder."""
        value = self._given(name)
        if not value:
            self._mistakes.append(f"{name} is missing.")
        elif self._may_be(name, value) and is_placeholder(value):
            self._mistakes.append(f"{name} is still a placeholder.")
        return value

    def check(self, *names: str) -> None:
        """Notes what is wrong with variables that somebody else reads."""
        for name in names:
            self._may_be(name, self._given(name))

    def raise_mistakes(self) -> None:
        """Raises ImproperlyConfigured with every mistake found so far."""
        if self._mistakes:
            raise ImproperlyConfigured(
                "The environment is not complete:\n  "
                + "\n  ".join(self._mistakes)
                + "\n.env.example explains each variable; ./install_docker.sh or "
                "./install_local.sh writes the missing ones."
            )

    def _read(self, name: str, default: str, cast: type) -> str:
        value = self._given(name, default, cast)
        return value if self._may_be(name, value) else default

    def _given(self, name: str, default: str = "", cast: type = str) -> str:
        try:
            return self._env(name, cast=cast, default=default).strip()
        except (ImproperlyConfigured, OSError) as error:
            self._mistakes.append(f"{name}: {error}")
            return default

    def _may_be(self, name: str, value: str) -> bool:
        """Notes what is wrong with it, once. The caller judges an empty value."""
        rule = rules().get(name)
        fault = rule.fault(value) if rule and value else ""
        if fault and f"{name} {fault}." not in self._mistakes:
            self._mistakes.append(f"{name} {fault}.")
        return not fault


def with_password(url: str, password: str) -> str:
    """`url` of Redis, with `password` in it unless it has one or is a socket's."""
    parts = urlsplit(url)
    if not password or parts.password or parts.scheme == "unix":
        return url
    return parts._replace(netloc=f":{quote(password, safe='')}@{parts.netloc}").geturl()


def redis_urls(url: str) -> tuple[str, str]:
    """
    The broker's and the cache's URL (databases 0 and 1) on the server at `url`.

    kombu calls a unix socket redis+socket://, redis-py unix://.
    """
    parts = urlsplit(url)
    if parts.scheme == "unix":
        socket = Path(parts.path)
        return f"redis+socket://{socket}", f"unix://{socket}?db=1"
    base = url.rstrip("/")
    return f"{base}/0", f"{base}/1"
