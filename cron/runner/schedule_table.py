"""What runs when, in a table that a person reads."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from itertools import takewhile
from pathlib import Path

from runner.records import Records
from runner.tasks import Task
from socle.operations.timetable import next_run, runs

OFTEN = 7 * 24  # more starts a week than this are counted, not listed
OUTCOMES = {"ok": "done", "timed_out": "took too long"}
DAY_AND_TIME = "%a %Y-%m-%d %H:%M %Z"


def next_starts(schedule: list[tuple[Task, list[str]]], *, now: datetime) -> str:
    """Each task, what it does and when it starts next."""
    rows = []
    for task, fields in schedule:
        moments = [moment for one in fields if (moment := next_run(one, after=now))]
        when = f"{min(moments):{DAY_AND_TIME}}" if moments else "by hand only"
        rows.append((task.name, " and ".join(fields), when, task.description))
    return _table(("task", "fields", "next start", "what it does"), rows)


def last_runs(
    schedule: list[tuple[Task, list[str]]], *, folder: str, now: datetime
) -> str:
    """
    Each task, how it last ended and when it starts next.

    folder: of the records, "" where nothing is recorded.
    """
    rows = []
    for task, fields in schedule:
        last = Records(folder, task.name, locks=Path(folder)).last()
        moments = [moment for one in fields if (moment := next_run(one, after=now))]
        rows.append(
            (
                task.name,
                OUTCOMES.get(last[0], last[0]) if last else "not run yet",
                f"{last[1].astimezone(now.tzinfo):{DAY_AND_TIME}}" if last else "",
                f"{min(moments):{DAY_AND_TIME}}" if moments else "by hand only",
            )
        )
    return _table(("JOB", "LAST RUN", "BEGUN", "NEXT"), rows)


def starts_of_week(schedule: list[tuple[Task, list[str]]], *, now: datetime) -> str:
    """
    Every start of the next seven days in order; tasks that start more often than each
    hour in one line below.
    """
    listed: list[tuple[datetime, str]] = []
    often: list[str] = []
    for task, fields in schedule:
        moments = sorted(_within_week(fields, now=now))
        if len(moments) > OFTEN:
            often.append(f"{task.name}: {len(moments)} times ({', '.join(fields)})")
        else:
            listed += [(moment, task.name) for moment in moments]
        if not moments:
            often.append(f"{task.name}: not in these days")
    lines = [f"{moment:{DAY_AND_TIME}}  {name}" for moment, name in sorted(listed)]
    return "\n".join([*lines, *often])


def _within_week(fields: list[str], *, now: datetime) -> Iterable[datetime]:
    end = (now + timedelta(days=7)).timestamp()
    for one in fields:
        yield from takewhile(lambda at: at.timestamp() <= end, runs(one, after=now))


def _table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
    return "\n".join(
        "  ".join(
            word.ljust(width) for word, width in zip(row, widths, strict=True)
        ).rstrip()
        for row in (head, *rows)
    )
