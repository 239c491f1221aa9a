"""When cron starts a job: crontab's five fields, as Debian's cron reads them."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from itertools import product

_YEAR = "jan feb mar apr may jun jul aug sep oct nov dec"
MONTHS = _YEAR.split()
DAYS = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"]
LONGEST_DAYS = 366 * 8  # the 29th of February may be eight years away
MINUTE = timedelta(minutes=1)


@dataclass(frozen=True)
class CronSchedule:
    """Five fields, read."""

    minutes: list[int]
    hours: list[int]
    days: set[int]
    months: set[int]
    weekdays: set[int]
    either: bool
    """A day and a weekday are both given: as in cron, one of them is enough."""
    is_fixed: bool
    """It names its times. When the clock is put forward or back such a job runs once;
    one with * as minute or hour simply follows the clock."""

    def is_on(self, day: date) -> bool:
        by_day = day.day in self.days
        by_weekday = day.isoweekday() % 7 in self.weekdays
        on_day = by_day or by_weekday if self.either else by_day and by_weekday
        return day.month in self.months and on_day


def read_rule(fields: str) -> CronSchedule:
    """
    fields: minute, hour, day, month and weekday with spaces between them.

    Raises ValueError, in a sentence, for anything that is not five fields.
    """
    words = fields.split()
    if len(words) != 5:
        raise ValueError(f"{fields!r} has {len(words)} fields instead of five.")
    minute, hour, day, month, weekday = words
    return CronSchedule(
        minutes=sorted(_values(minute, first=0, last=59)),
        hours=sorted(_values(hour, first=0, last=23)),
        days=_values(day, first=1, last=31),
        months=_values(month, first=1, last=12, names=MONTHS),
        weekdays={n % 7 for n in _values(weekday, first=0, last=7, names=DAYS)},
        either=not day.startswith("*") and not weekday.startswith("*"),
        is_fixed=not minute.startswith("*") and not hour.startswith("*"),
    )


def next_run(fields: str, *, after: datetime) -> datetime | None:
    """
    The first moment later than `after`, in its time zone, to the minute. None for one
    that never comes. Raises ValueError as `read_rule` does.
    """
    return next(runs(fields, after=after), None)


def runs(fields: str, *, after: datetime) -> Iterator[datetime]:
    """Every start later than `after`, in order, in its time zone, for eight years."""
    rule, zone = read_rule(fields), after.tzinfo
    assert zone is not None, "a moment without a time zone"
    last = after.astimezone(UTC)  # two wall clocks of one zone would hide an hour
    for days in range(LONGEST_DAYS):
        day = after.date() + timedelta(days=days)
        if not rule.is_on(day):
            continue
        for moment in sorted(_moments(rule, day, zone, after=last)):
            if moment > last:
                last = moment
                yield moment.astimezone(zone)


def _moments(
    rule: CronSchedule, day: date, zone: tzinfo, *, after: datetime
) -> set[datetime]:
    """In UTC. Those that are long before `after` may be missing."""
    midnight = datetime(day.year, day.month, day.day)
    passed = after.astimezone(zone).replace(tzinfo=None) - timedelta(hours=4)
    found: set[datetime] = set()
    for hour, minute in product(rule.hours, rule.minutes):
        wall = midnight.replace(hour=hour, minute=minute)
        if wall > passed:
            found |= _moments_of(wall, zone, is_fixed=rule.is_fixed)
    return found


def _moments_of(wall: datetime, zone: tzinfo, *, is_fixed: bool) -> set[datetime]:
    """
    When a wall clock of `zone` shows `wall`, in UTC.

    In spring the clock skips an hour: what is named there starts right after it. In
    autumn it shows an hour twice: what is named there starts the first time alone.
    """
    first, second = (
        wall.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1)
    )
    if first == second:
        return {first}
    if first < second:
        return {first} if is_fixed else {first, second}
    return {_end_of_gap(first, zone)} if is_fixed else set()


def _end_of_gap(moment: datetime, zone: tzinfo) -> datetime:
    """The minute from which on the zone has the offset that it has at `moment`."""

    def offset(at: datetime) -> timedelta | None:
        return at.astimezone(zone).utcoffset()

    while offset(moment - MINUTE) == offset(moment):
        moment -= MINUTE
    return moment


def _values(
    field: str, *, first: int, last: int, names: list[str] | None = None
) -> set[int]:
    """'*/15', '0-6', '1,15', 'mon-fri'. cron reads 5/15 as 5: it is refused here."""

    def number(word: str) -> int:
        if names and word.lower() in names:
            return names.index(word.lower()) + (1 if names is MONTHS else 0)
        if not (word.isascii() and word.isdigit()):
            raise ValueError(f"{field!r} is no field of a crontab: what is {word!r}?")
        return int(word)

    found: set[int] = set()
    for part in field.split(","):
        span, slash, step = part.partition("/")
        if span == "*":
            low, high = first, last
        elif "-" in span:
            low, high = (number(word) for word in span.split("-", 1))
        elif slash:
            raise ValueError(f"{field!r}: a step needs a range before it, such as */5.")
        else:
            low = high = number(span)
        if slash and number(step) == 0:
            raise ValueError(f"{field!r} has a step of 0.")
        if not first <= low <= high <= last:
            raise ValueError(f"{field!r} is not between {first} and {last}.")
        found |= set(range(low, high + 1, number(step) if slash else 1))
    return found
