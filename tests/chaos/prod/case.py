"""One case: a steady load, something bad in the middle of it, and what was promised."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

from load import Load
from measures import (
    KINDS,
    Answer,
    Moment,
    downtime_by_kind,
    errors,
    slowest,
)
from prod_site import Site
from progress import say
from table import Row
from verify import lost_photos
from visitor import Visitor
from waiting import wait_until

CALM_SECONDS = 5
WARM_WITHIN_SECONDS = 180
WORTH_TELLING_SECONDS = 60
GOOD_IN_A_ROW = 3
EVERYTHING = frozenset(KINDS)


@dataclass(frozen=True)
class Promise:
    """
    words: what is named in the table.
    kinds: of requests that may fail in the named moment; none means no error at all.
    back_within: seconds from the end of the disturbance in which all is good again.
    photos_within: seconds until every accepted photo is ready. A run that lost its
        database in the middle holds an upload for 330 s, then cron sends it again.
    """

    words: str
    kinds: frozenset[str] = frozenset()
    back_within: float = 60
    photos_within: float = 480


@dataclass
class Case:
    name: str
    promise: Promise
    site: Site
    notes: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)

    def note(self, words: str) -> None:
        """One more figure for the table."""
        self.notes.append(words)

    def _note_the_machine(self) -> None:
        """What else it has to do makes every figure worse."""
        load = os.getloadavg()[0]
        if load > 2 * (os.cpu_count() or 1):
            self.note(f"the machine was busy otherwise (load {load:.0f})")

    @contextmanager
    def under_load(self) -> Iterator[Load]:
        """
        The body is the disturbance; it begins after some calm seconds. Raises
        AssertionError when a promise is broken. The table's row is there in any case.
        """
        self.site.wait_until_healthy()
        self._note_the_machine()
        visitor = self.site.stack.visitor(self.site.stack.admin, verify=False)
        slug = visitor.create_gallery(self.name[:90])
        load = Load(self.site.stack.url, visitor.session.cookies, slug=slug)
        load.start()
        try:
            self._wait_for_calm(load)
            began = time.monotonic()
            yield load
            self._end(load, began, visitor)
        finally:
            if not load.has_stopped:
                load.stop()

    def _wait_for_calm(self, load: Load) -> None:
        since = time.monotonic()
        wait_until(
            lambda: load.accepted() and is_steady(load.answers, since=since),
            within=WARM_WITHIN_SECONDS,
            what="the load is answered before anything is done",
        )
        load.forget()  # the first answers of a cold site
        time.sleep(CALM_SECONDS)

    def _end(self, load: Load, began: float, visitor: Visitor) -> None:
        ended = time.monotonic()
        moment = Moment(began, ended + self.promise.back_within, self.promise.kinds)
        while time.monotonic() < moment.ended + CALM_SECONDS:
            if is_steady(load.answers, since=ended):
                break
            time.sleep(0.5)
        time.sleep(CALM_SECONDS)
        load.stop()
        self.figures = Figures.of(load, moment, began=began)
        # Photos first: a promise that is broken already does not hide another one.
        within, asked_at = self.promise.photos_within, time.monotonic()
        self.lost = lost_photos(visitor, load.slug, load.accepted(), within)
        waited = time.monotonic() - asked_at
        if waited > WORTH_TELLING_SECONDS:
            self.note(f"the last photo was ready {waited:.0f} s after the load's end")
        self.broken += self.figures.complaints()
        self.broken += [f"lost: {words}" for words in self.lost]
        if not load.accepted():
            self.broken.append("no upload was accepted, so nothing is proved")
        say(f"  {self.name}: {self.row().summary()}")
        assert not self.broken, "\n".join(self.broken[:20])

    def row(self) -> Row:
        figures = getattr(self, "figures", None)
        return Row(
            case=self.name,
            promise=self.promise.words,
            is_kept=figures is not None and not self.broken,
            downtime=figures.downtime_words() if figures else "not measured",
            errors=figures.error_words() if figures else "not measured",
            lost=figures.lost_words(len(self.lost)) if figures else "not measured",
            notes="; ".join(self.notes),
            date=datetime.now(UTC).strftime("%Y-%m-%d %H:%M"),
        )


@dataclass(frozen=True)
class Figures:
    requests: int
    accepted: int
    downtimes: dict[str, float]
    inside: list[Answer]
    outside: list[Answer]
    slowest_seconds: float
    began: float

    @classmethod
    def of(cls, load: Load, moment: Moment, *, began: float) -> "Figures":
        answers = list(load.answers)
        bad = errors(answers)
        return cls(
            requests=len(answers),
            accepted=len(load.accepted()),
            downtimes=downtime_by_kind(answers, until=time.monotonic()),
            inside=[one for one in bad if moment.excuses(one)],
            outside=[one for one in bad if not moment.excuses(one)],
            slowest_seconds=slowest(answers),
            began=began,
        )

    def complaints(self) -> list[str]:
        return [
            f"{one.began - self.began:+.1f} s, outside the named moment: {one}"
            for one in self.outside
        ]

    def downtime_words(self) -> str:
        down = {kind: value for kind, value in self.downtimes.items() if value > 0}
        words = ", ".join(f"{kind} {value:.1f} s" for kind, value in down.items())
        return words or f"none (slowest answer {self.slowest_seconds:.1f} s)"

    def error_words(self) -> str:
        return f"{len(self.inside)} / {len(self.outside)} of {self.requests}"

    def lost_words(self, lost: int) -> str:
        return f"{lost} of {self.accepted}"


def is_steady(answers: list[Answer], *, since: float) -> bool:
    """The last few requests of each kind, sent after `since`, were answered well."""
    for kind in KINDS:
        last = [one for one in answers if one.kind == kind and one.began > since]
        good = [one for one in last[-GOOD_IN_A_ROW:] if one.is_good]
        if len(good) < GOOD_IN_A_ROW:
            return False
    return True
