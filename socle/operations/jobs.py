"""
What cron's jobs did, as their runner has written it down in JOBS_FOLDER (cron/runner).

Whatever lies there, the page that shows it must not break: a line that cannot be
understood is left out.
"""

import contextlib
import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from socle.operations.timetable import next_run

OUTCOMES = {"ok", "failed", "skipped", "timed_out"}
SHOWN_RUNS = 50
SHOWN_CHARACTERS = 4000
MOST_JOBS = 100
LONGEST_SECONDS = 1e9
LATE = timedelta(minutes=15)  # later than any start is on a busy machine
YEARS = range(2000, 3000)
READ_BYTES = 1024 * 1024  # of each file, from its end


@dataclass(frozen=True)
class JobRun:
    started_at: datetime
    seconds: float
    outcome: str
    exit_status: int
    output: str
    """The end of what it has written."""


@dataclass(frozen=True)
class Job:
    name: str
    description: str
    next_at: datetime | None
    """None for one that runs by hand only."""
    runs: list[JobRun]
    """The newest first."""
    running_since: datetime | None

    @property
    def last(self) -> JobRun | None:
        return self.runs[0] if self.runs else None

    @property
    def failed(self) -> int:
        """Of the runs that are remembered; one that took too long has failed."""
        return sum(run.outcome in {"failed", "timed_out"} for run in self.runs)

    @property
    def skipped(self) -> int:
        return sum(run.outcome == "skipped" for run in self.runs)


@dataclass(frozen=True)
class Jobs:
    jobs: list[Job]
    problem: str = ""
    """Why none is to be expected to start, in a sentence."""


def read_jobs(*, now: datetime) -> Jobs | None:
    """
    For operations/_jobs.html, as `jobs`. None where there is no cron.

    now: in the zone of the site, as `board.site_time` gives it.
    """
    if not settings.JOBS_FOLDER:
        return None
    folder = Path(settings.JOBS_FOLDER)
    try:
        planned = json.loads((folder / "schedule.json").read_text(errors="replace"))
    except FileNotFoundError:
        words = _("cron has not started yet, or refuses to. Its log says why.")
        return Jobs([], words)
    except (OSError, ValueError) as error:
        return Jobs([], str(error))
    by_name = _merged(planned)
    jobs = [
        _job(folder, name, description, fields, now=now)
        for name, (description, fields) in by_name.items()
    ]
    fields = [one for _words, lines in by_name.values() for one in lines]
    seen = _seen(folder, jobs, now=now)
    if not _is_late(fields, seen=seen, now=now):
        return Jobs(jobs)
    words = _("cron has started no job since %(moment)s. Its log says why.")
    return Jobs(jobs, words % {"moment": date_format(seen, "DATETIME_FORMAT")})


def _seen(folder: Path, jobs: list[Job], *, now: datetime) -> datetime:
    """When cron last gave a sign of life: its own start, or that of a job."""
    start = (folder / "schedule.json").stat().st_mtime
    moments = [datetime.fromtimestamp(start, now.tzinfo)]
    moments += [run.started_at for job in jobs for run in job.runs[:1]]
    moments += [job.running_since for job in jobs if job.running_since]
    return max(moments).astimezone(now.tzinfo)


def _is_late(fields: list[str], *, seen: datetime, now: datetime) -> bool:
    """Whether a start that was due after `seen` has not come."""
    due = filter(None, (_next(one, seen) for one in fields))
    return any(moment + LATE < now for moment in due)


def _merged(planned: object) -> dict[str, tuple[str, list[str]]]:
    """A job may have several lines in the crontab."""
    found: dict[str, tuple[str, list[str]]] = {}
    for entry in planned[:MOST_JOBS] if isinstance(planned, list) else []:
        if not isinstance(entry, dict):
            continue
        name = str(entry.get("task", ""))
        if not name.isidentifier():  # it becomes the name of a file
            continue
        description = _text(entry.get("description", ""))
        _words, fields = found.setdefault(name, (description, []))
        fields.append(str(entry.get("fields", "")))
    return found


def _job(
    folder: Path, name: str, description: str, fields: list[str], *, now: datetime
) -> Job:
    return Job(
        name=name,
        description=description,
        next_at=min(filter(None, (_next(one, now) for one in fields)), default=None),
        runs=_runs(folder / f"{name}.jsonl"),
        running_since=_begun(folder / f"{name}.running"),
    )


def _next(fields: str, now: datetime) -> datetime | None:
    with contextlib.suppress(ValueError):
        return next_run(fields, after=now)
    return None


def _runs(path: Path) -> list[JobRun]:
    lines = _end_of(path).splitlines()[-SHOWN_RUNS:]
    runs = [run for line in lines if (run := _run(line))]
    return runs[::-1]


def _run(line: str) -> JobRun | None:
    """None for a line that was torn, or that somebody else has written."""
    try:
        entry = json.loads(line)
        if entry["outcome"] not in OUTCOMES:
            return None
        return JobRun(
            started_at=_moment(entry["started_at"]),
            seconds=min(max(0.0, float(entry["seconds"])), LONGEST_SECONDS),
            outcome=entry["outcome"],
            exit_status=int(entry["exit_status"]),
            output=_text(entry["output"])[-SHOWN_CHARACTERS:],
        )
    except (ValueError, TypeError, LookupError, OverflowError, RecursionError):
        return None


def _begun(path: Path) -> datetime | None:
    with contextlib.suppress(ValueError, TypeError, LookupError, RecursionError):
        return _moment(json.loads(_end_of(path))["started_at"])
    return None


def _moment(words: str) -> datetime:
    moment = datetime.fromisoformat(words)
    if moment.tzinfo is None or moment.year not in YEARS:
        raise ValueError(f"{words!r} is no moment that a page could show.")
    return moment


def _text(words: object) -> str:
    """JSON may hold halves of characters, which no page can send."""
    return str(words).encode(errors="replace").decode()


def _end_of(path: Path) -> str:
    """Nothing for a file that is not there, or cannot be read."""
    with contextlib.suppress(OSError), path.open("rb") as file:
        file.seek(max(0, file.seek(0, 2) - READ_BYTES))
        return file.read(READ_BYTES).decode(errors="replace")
    return ""
