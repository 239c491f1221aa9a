"""Ask all checks at once, and wait for none of them longer than for the others."""

import logging
import time
from collections.abc import Iterable
from threading import Event, Lock, Thread

from django.conf import settings
from django.core.cache import caches
from django.db import DatabaseError, connections
from django.utils.module_loading import import_string
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _
from redis.exceptions import RedisError

from config.health import commands
from config.health.facts import Check, Fact, State, Words, first_line

logger = logging.getLogger(__name__)
# Less than the container's health check allows for the whole answer.
PATIENCE_SECONDS = 5.0


class Asking:
    """One check on its way, in a thread of its own: nothing bounds a DNS server."""

    def __init__(self, check: Check):
        self.check = check
        self.began = time.monotonic()
        self.fact: Fact | None = None
        self.done = Event()

    def start(self, *, anew: bool) -> None:
        Thread(
            target=self._run,
            kwargs={"anew": anew},
            name=f"health-{self.check.name}",
            daemon=True,  # one that hangs keeps no process from ending
        ).start()

    def answer(self, *, deadline: float) -> Fact | None:
        """The fact, or that there is none yet at `deadline`."""
        if self.done.wait(max(0.0, deadline - time.monotonic())):
            return self.fact
        words = _("There was no answer within {seconds} s.")
        seconds = round(time.monotonic() - self.began)
        return self._failed(words, self.check.remedy(), seconds=seconds)

    def _run(self, *, anew: bool) -> None:
        try:
            self.fact = None if anew else kept(self.check)
            if self.fact is None:
                self.fact = self._asked()
                keep(self.check, self.fact)
        finally:
            connections.close_all()  # this thread's own
            self.done.set()

    def _asked(self) -> Fact | None:
        try:
            return self.check()
        except DatabaseError as error:
            return self._unknown(error, commands.start("postgres"))
        except RedisError as error:
            return self._unknown(error, commands.start("redis"))
        except Exception as error:  # a broken check is a fact as well
            logger.exception("The check %r broke.", self.check.name)
            return self._failed(
                _("The check itself broke: {error}"),
                self.check.remedy(),
                error=f"{type(error).__name__}: {first_line(error)}",
            )

    def _unknown(self, error: Exception, todo: Words) -> Fact:
        words = _("It is unknown: {error}")
        return self._failed(words, todo, error=first_line(error))

    def _failed(self, words: Words, todo: Words, **values: object) -> Fact:
        says = format_lazy(words, **values)  # type: ignore[arg-type]
        return Fact(self.check.name, State.FAIL, says, todo)


_under_way: dict[str, Asking] = {}
_lock = Lock()


def all_checks() -> list[Check]:
    return [import_string(path) for path in settings.HEALTH_CHECKS]


def ask_all(
    checks: Iterable[Check] | None = None,
    *,
    anew: bool = False,
    patience_seconds: float = PATIENCE_SECONDS,
) -> list[Fact]:
    """
    A fact of each check that applies here, in their order.

    anew:  what an earlier answer said does not count.
    patience_seconds:  for all of them together; a check that has not answered by then
        has failed, and is not asked a second time while it hangs.
    """
    deadline = time.monotonic() + patience_seconds
    asked = [_ask(one, anew=anew) for one in checks or all_checks()]
    answers = [one.answer(deadline=deadline) for one in asked]
    return [fact for fact in answers if fact is not None]


def _ask(check: Check, *, anew: bool) -> Asking:
    with _lock:
        asking = _under_way.get(check.name)
        if asking is None or asking.done.is_set():
            asking = _under_way[check.name] = Asking(check)
            asking.start(anew=anew)
        return asking


def kept(check: Check) -> Fact | None:
    """What any process of the site was told within the last `keep_seconds`."""
    if not check.keep_seconds:
        return None
    try:
        return caches["health"].get(_key(check))
    except (RedisError, OSError):
        return None


def keep(check: Check, fact: Fact | None) -> None:
    """What fails is not kept: it is to be known at once when it is repaired."""
    if not check.keep_seconds or fact is None or fact.state == State.FAIL:
        return
    try:
        caches["health"].set(_key(check), fact, check.keep_seconds)
    except (RedisError, OSError):
        return  # it is asked again


def _key(check: Check) -> str:
    return f"health:{settings.IMAGE_TAG}:{check.name}"
