"""Ask all checks at once, and wait for none of them longer than for the others."""

import logging
import time
from collections.abc import Iterable
from functools import partial

from django.conf import settings
from django.db import DatabaseError
from django.utils.module_loading import import_string
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _
from redis.exceptions import RedisError

from socle.core.background_calls import BackgroundCall, Questions
from socle.core.cache_or_none import recall, remember
from socle.core.health import commands
from socle.core.health.results import Check, CheckState, Fact, Words, first_line

logger = logging.getLogger(__name__)
# Less than the container's health check allows for the whole answer.
PATIENCE_SECONDS = 5.0


_questions: Questions[Fact | None] = Questions("health")


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
    asked = [
        (check, _questions.ask(check.name, partial(_fact_of, check, anew=anew)))
        for check in checks or all_checks()
    ]
    answers = [_answer(check, one, deadline=deadline) for check, one in asked]
    return [fact for fact in answers if fact is not None]


def _answer(
    check: Check, question: BackgroundCall[Fact | None], *, deadline: float
) -> Fact | None:
    """The fact, or that there is none yet at `deadline`."""
    if question.is_over(deadline=deadline):
        return question.answer
    words = _("There was no answer within {seconds} s.")
    seconds = round(time.monotonic() - question.began)
    return _failed(check, words, check.remedy(), seconds=seconds)


def _fact_of(check: Check, *, anew: bool) -> Fact | None:
    try:
        fact = None if anew else kept(check)
        if fact is None:
            fact = check()
            keep(check, fact)
        return fact
    except DatabaseError as error:
        return _unknown(check, error, commands.start("postgres"))
    except RedisError as error:
        return _unknown(check, error, commands.start("redis"))
    except Exception as error:  # a broken check is a fact as well
        logger.exception("The check %r broke.", check.name)
        return _failed(
            check,
            _("The check itself broke: {error}"),
            check.remedy(),
            error=f"{type(error).__name__}: {first_line(error)}",
        )


def _unknown(check: Check, error: Exception, todo: Words) -> Fact:
    words = _("It is unknown: {error}")
    return _failed(check, words, todo, error=first_line(error))


def _failed(check: Check, words: Words, todo: Words, **values: object) -> Fact:
    says = format_lazy(words, **values)  # type: ignore[arg-type]
    return Fact(check.name, CheckState.FAIL, says, todo)


def kept(check: Check) -> Fact | None:
    """What any process of the site was told within the last `keep_seconds`."""
    if not check.keep_seconds:
        return None
    return recall(_key(check))


def keep(check: Check, fact: Fact | None) -> None:
    """What fails is not kept: it is to be known at once when it is repaired."""
    if not check.keep_seconds or fact is None or fact.state == CheckState.FAIL:
        return
    remember(_key(check), fact, check.keep_seconds)


def _key(check: Check) -> str:
    return f"health:{settings.IMAGE_TAG}:{check.name}"
