"""What a check says: one fact about the site, and what to do about it."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from django.utils.functional import Promise

Words = str | Promise  # lazy ones are translated where they are read


class CheckState(StrEnum):
    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True)
class Fact:
    """
    says:  one sentence, with the values.
    todo:  the next command or place; empty where nothing is to be done.
    """

    name: str
    state: CheckState
    says: Words
    todo: Words = ""


@dataclass(frozen=True)
class Check:
    """
    name:       also of its fact.
    ask:        None where the question makes no sense, such as a certificate in LOCAL.
    essential:  without it the site cannot do its work: /health/ready answers 503.
    keep_seconds:  how long an answer is good enough for the next who asks.
    remedy:     what to do when the check itself does not come back.
    """

    name: str
    ask: Callable[[], Fact | None]
    essential: bool = False
    keep_seconds: int = 0
    remedy: Callable[[], Words] = lambda: ""

    def __call__(self) -> Fact | None:
        return self.ask()


def check(
    *,
    essential: bool = False,
    keep_seconds: int = 0,
    remedy: Callable[[], Words] = lambda: "",
) -> Callable[[Callable[[], Fact | None]], Check]:
    """Makes a function a Check of its own name, for settings.HEALTH_CHECKS."""

    def made(ask: Callable[[], Fact | None]) -> Check:
        return Check(ask.__name__, ask, essential, keep_seconds, remedy)

    return made


def first_line(error: BaseException) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]
