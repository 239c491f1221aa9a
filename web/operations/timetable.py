"""When cron runs next: crontab's five fields, as .env has them."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta

_YEAR = "jan feb mar apr may jun jul aug sep oct nov dec"
MONTHS = _YEAR.split()
DAYS = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"]
LONGEST_DAYS = 366 * 8  # the 29th of February may be eight years away


def next_run(fields: str, *, after: datetime) -> datetime | None:
    """
    The first moment later than `after`, in its time zone, to the minute. None for one
    that never comes.

    fields: minute, hour, day, month and weekday with spaces between them. As in cron,
        a day and a weekday that are both given mean: either of them.

    Raises ValueError for anything that is not five fields.
    """
    minute, hour, day, month, weekday = fields.split()
    minutes = _values(minute, first=0, last=59)
    hours = _values(hour, first=0, last=23)
    days = _values(day, first=1, last=31)
    months = _values(month, first=1, last=12, names=MONTHS)
    weekdays = {n % 7 for n in _values(weekday, first=0, last=7, names=DAYS)}
    either = not day.startswith("*") and not weekday.startswith("*")

    def fits(candidate: date) -> bool:
        by_day = candidate.day in days
        by_weekday = candidate.isoweekday() % 7 in weekdays
        on_day = by_day or by_weekday if either else by_day and by_weekday
        return candidate.month in months and on_day

    for candidate in _days_from(after):
        if not fits(candidate):
            continue
        for h in sorted(hours):
            for m in sorted(minutes):
                moment = datetime(
                    candidate.year, candidate.month, candidate.day, h, m
                ).replace(tzinfo=after.tzinfo)
                if moment > after:
                    return moment
    return None


def _days_from(moment: datetime) -> Iterator[date]:
    for days in range(LONGEST_DAYS):
        yield moment.date() + timedelta(days=days)


def _values(
    field: str, *, first: int, last: int, names: list[str] | None = None
) -> set[int]:
    """'*/15', '0-6', '1,15', 'mon-fri'."""

    def number(word: str) -> int:
        if names and word.lower() in names:
            return names.index(word.lower()) + first
        return int(word)

    found: set[int] = set()
    for part in field.split(","):
        span, _, step = part.partition("/")
        if span == "*":
            low, high = first, last
        elif "-" in span:
            low, high = (number(word) for word in span.split("-"))
        else:
            low = number(span)
            high = last if step else low
        found |= set(range(low, high + 1, int(step or 1)))
    if not found or min(found) < first or max(found) > last:
        raise ValueError(f"{field!r} is not between {first} and {last}.")
    return found
