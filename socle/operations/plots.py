"""The plots of the page, as numbers that a template draws as SVG."""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from statistics import median_high

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from socle.backups.progress import readable_duration, readable_size

LONGEST_DAYS = 42
SHORTEST_DAYS = 14  # else the first night would be one bar as wide as the page
BAR_SHARE = 0.72  # of a day's width
LEAST_PERCENT = 0.8  # also the smallest value is seen
HOUR = 3600


@dataclass(frozen=True)
class Point:
    """One complete backup."""

    taken_at: datetime
    size_bytes: int
    new_bytes: int
    seconds: float


@dataclass(frozen=True)
class Day:
    day: date
    size_bytes: int
    new_bytes: int
    seconds: float


@dataclass(frozen=True)
class Bar:
    """In percent of the plot; `y` is its upper edge, counted from the top."""

    x: float
    y: float
    width: float
    height: float
    words: str


@dataclass(frozen=True)
class Tick:
    """At so many percent from the left, or from the bottom."""

    at: float
    words: str

    @property
    def from_top(self) -> float:
        return 100 - self.at


@dataclass(frozen=True)
class Plot:
    title: str
    summary: str
    """What is to be read from it, for those who do not see it."""
    bars: list[Bar]
    failures: list[Tick]
    days: list[Tick]
    """Each week, the last one first; today is at the right edge."""
    scale: list[Tick]


def by_day(points: Iterable[Point], *, today: date) -> list[Day]:
    """
    Oldest first, the last six weeks. A day with several backups counts what all of
    them added, the size of the last and the duration of the longest.
    """
    days: dict[date, Day] = {}
    for point in sorted(points, key=lambda point: point.taken_at):
        day = point.taken_at.date()
        if not today - timedelta(days=LONGEST_DAYS) < day <= today:
            continue
        before = days.get(day)
        days[day] = Day(
            day,
            point.size_bytes,
            point.new_bytes + (before.new_bytes if before else 0),
            max(point.seconds, before.seconds if before else 0),
        )
    return list(days.values())


def size_plot(days: Sequence[Day], *, today: date) -> Plot:
    summary = _("No backup yet.")
    if days:
        first, last = days[0], days[-1]
        summary = _(
            "Database and media together: %(first)s on %(first_day)s, "
            "%(last)s on %(last_day)s."
        ) % {
            "first": readable_size(first.size_bytes),
            "first_day": _named(first.day),
            "last": readable_size(last.size_bytes),
            "last_day": _named(last.day),
        }
    values = {one.day: float(one.size_bytes) for one in days}
    return _drawn(_("Size"), summary, values, say=readable_size, today=today)


def new_bytes_plot(days: Sequence[Day], *, today: date) -> Plot:
    summary = _("No backup yet.")
    if days:
        most = max(days, key=lambda one: one.new_bytes)
        middle = median_high(one.new_bytes for one in days)
        summary = _(
            "Added to the store: mostly about %(middle)s a night, at most %(most)s "
            "on %(day)s."
        ) % {
            "middle": readable_size(middle),
            "most": readable_size(most.new_bytes),
            "day": _named(most.day),
        }
    values = {one.day: float(one.new_bytes) for one in days}
    return _drawn(_("New bytes"), summary, values, say=readable_size, today=today)


def duration_plot(days: Sequence[Day], *, failed: Iterable[date], today: date) -> Plot:
    summary = _("No backup yet.")
    if days:
        longest = max(days, key=lambda one: one.seconds)
        middle = median_high(one.seconds for one in days)
        summary = _("Mostly about %(middle)s, at most %(most)s on %(day)s.") % {
            "middle": readable_duration(middle),
            "most": readable_duration(longest.seconds),
            "day": _named(longest.day),
        }
    values = {one.day: one.seconds for one in days}
    crosses = sorted(set(failed) & set(_span(values, today=today)))
    if crosses:
        days_named = ", ".join(map(_named, crosses))
        summary += " " + _("Failed on %(days)s.") % {"days": days_named}
    return _drawn(
        _("Duration"),
        summary,
        values,
        say=readable_duration,
        today=today,
        failed=crosses,
    )


def _drawn(
    title: str,
    summary: str,
    values: dict[date, float],
    *,
    say: Callable[[float], str],
    today: date,
    failed: Sequence[date] = (),
) -> Plot:
    days = _span(values, today=today)
    width = 100 / len(days)
    left = {day: number * width for number, day in enumerate(days)}
    step = (size_step if say is readable_size else time_step)(
        max([*values.values(), 0])
    )

    def bar(day: date, value: float) -> Bar:
        height = max(100 * value / (2 * step), LEAST_PERCENT)
        return Bar(
            x=round(left[day] + width * (1 - BAR_SHARE) / 2, 2),
            y=round(100 - height, 2),
            width=round(width * BAR_SHARE, 2),
            height=round(height, 2),
            words=f"{_named(day)}: {say(value)}",
        )

    def middle_of(day: date) -> float:
        return round(left[day] + width / 2, 2)

    weekly = [day for day in reversed(days[:-1]) if (today - day).days % 7 == 0]
    return Plot(
        title=title,
        summary=summary,
        bars=[bar(day, value) for day, value in values.items()],
        failures=[
            Tick(middle_of(day), _("%(day)s: failed") % {"day": _named(day)})
            for day in failed
        ],
        days=[Tick(middle_of(day), _named(day)) for day in weekly],
        scale=[Tick(50 * times, say(times * step)) for times in range(3)],
    )


def _span(days: Iterable[date], *, today: date) -> list[date]:
    """Every day from the first one, or from two weeks ago, until today."""
    first = min([*days, today - timedelta(days=SHORTEST_DAYS - 1)])
    return [first + timedelta(days=n) for n in range((today - first).days + 1)]


def size_step(highest: float) -> float:
    """1, 2, 2.5 or 5 × a power of ten: twice that is the plot's upper edge."""
    power = 10 ** math.floor(math.log10(max(highest, 1000) / 2))
    return min(
        factor * power for factor in (1, 2, 2.5, 5, 10) if 2 * factor * power >= highest
    )


def time_step(highest: float) -> float:
    """As people divide a clock; whole hours above that."""
    for step in (0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800):
        if 2 * step >= highest:
            return step
    return HOUR * math.ceil(highest / 2 / HOUR)


def _named(day: date) -> str:
    return date_format(day, "j M")
