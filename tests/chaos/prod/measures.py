"""What visitors saw, in numbers: how long it failed, how often, and when."""

from collections.abc import Iterable
from dataclasses import dataclass

PAGE, API, PHOTO, UPLOAD = "page", "api", "photo", "upload"
KINDS = (PAGE, API, PHOTO, UPLOAD)


@dataclass(frozen=True)
class Answer:
    """One request of the load. Times are those of one monotonic clock, in seconds."""

    kind: str
    began: float
    seconds: float
    status: int  # 0: none came
    words: str = ""  # the beginning of what a refusal said

    @property
    def ended(self) -> float:
        return self.began + self.seconds

    @property
    def is_good(self) -> bool:
        return 200 <= self.status < 300

    def __str__(self) -> str:
        return f"{self.kind}: {self.status or 'no answer'} {self.words[:160]}"


def downtime(answers: Iterable[Answer], *, until: float) -> float:
    """
    The longest time in which requests failed: from the last good answer, or from when
    the first one that failed was sent if that was later, to the next good answer, or
    to `until` when none came any more.

    answers: of one kind.
    """
    longest, last_good, failing_since = 0.0, float("-inf"), None
    for answer in sorted(answers, key=lambda answer: answer.ended):
        if not answer.is_good:
            since = max(answer.began, last_good)
            failing_since = min(since, failing_since or since)
            continue
        if failing_since is not None:
            longest = max(longest, answer.ended - failing_since)
            failing_since = None
        last_good = answer.ended
    if failing_since is not None:
        longest = max(longest, until - failing_since)
    return longest


def downtime_by_kind(answers: Iterable[Answer], *, until: float) -> dict[str, float]:
    kept = list(answers)
    return {
        kind: downtime([one for one in kept if one.kind == kind], until=until)
        for kind in KINDS
    }


@dataclass(frozen=True)
class Moment:
    """When requests of `kinds` may fail: what was begun in it, that is."""

    began: float
    ended: float
    kinds: frozenset[str]

    def excuses(self, answer: Answer) -> bool:
        overlaps = answer.began <= self.ended and answer.ended >= self.began
        return overlaps and answer.kind in self.kinds


def errors(answers: Iterable[Answer]) -> list[Answer]:
    return [answer for answer in answers if not answer.is_good]


def slowest(answers: Iterable[Answer]) -> float:
    """Of the good ones, in seconds."""
    return max((answer.seconds for answer in answers if answer.is_good), default=0.0)
