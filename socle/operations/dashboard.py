"""Everything that the operations page shows, gathered at one moment."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _

from socle.backups.exceptions import BackupError
from socle.backups.models import Run
from socle.backups.runs.backup_source import BackupSource
from socle.backups.runs.freshness import Age, age_of_newest_backup
from socle.backups.swap.undo_copies import UndoCopy, kept
from socle.operations.jobs import Jobs, read_jobs
from socle.operations.plots import (
    LONGEST_DAYS,
    Plot,
    Point,
    by_day,
    duration_plot,
    new_bytes_plot,
    size_plot,
)
from socle.operations.state import RunsState, look
from socle.operations.stored_backups import Night, StoredBackups, read_shelf
from socle.operations.system import System, look_at_system
from socle.operations.timetable import next_run

SHOWN_FAILURES = 5


@dataclass(frozen=True)
class Next:
    what: str
    at: datetime | None
    """None for one that never comes."""
    words: str


@dataclass(frozen=True)
class Board:
    now: datetime
    system: System
    state: RunsState
    shelf: StoredBackups
    age: Age
    failures: list[Run]
    next_runs: list[Next]
    undo: list[UndoCopy]
    undo_problem: str
    plots: list[Plot]
    jobs: Jobs | None

    @property
    def is_overdue(self) -> bool:
        return self.age.is_overdue(self.now)

    @property
    def age_words(self) -> str:
        return self.age.sentence(self.now)

    @property
    def newest_at(self) -> datetime | None:
        """What is in the store counts; without it, what this site remembers."""
        if self.shelf.problem:
            return self.age.newest
        return self.shelf.nights[0].taken_at if self.shelf.nights else None

    @property
    def proven(self) -> Night | None:
        """The newest backup that a drill has restored; None without one."""
        return next((one for one in self.shelf.nights if one.proven_at), None)


def gather(*, now: datetime) -> Board:
    """`now` is in the zone of the site. May raise ServerUnavailable."""
    state = look()
    shelf = read_shelf(version=state.version)
    undo, undo_problem = _kept_for_undo()
    jobs = read_jobs(now=now)
    return Board(
        now=now,
        system=look_at_system(),
        state=state,
        shelf=shelf,
        age=age_of_newest_backup(),
        failures=list(Run.objects.failed()[:SHOWN_FAILURES]),
        next_runs=_next_runs(now, will_start=jobs is not None and not jobs.problem),
        undo=undo,
        undo_problem=undo_problem,
        plots=_plots(shelf, now=now),
        jobs=jobs,
    )


def site_time() -> datetime:
    return timezone.now().astimezone(ZoneInfo(settings.TIME_ZONE))


def _next_runs(now: datetime, *, will_start: bool) -> list[Next]:
    """Without a time where no cron runs that would start them."""

    def at(fields: str) -> datetime | None:
        return next_run(fields, after=now) if will_start else None

    return [
        Next(
            _("Backup"),
            at(settings.BACKUP_AT),
            _(
                "Of the database, and of what is new among the files. Then older ones "
                "are removed: %(daily)s daily, %(weekly)s weekly and %(monthly)s "
                "monthly ones stay."
            )
            % {
                "daily": settings.BACKUP_KEEP_DAILY,
                "weekly": settings.BACKUP_KEEP_WEEKLY,
                "monthly": settings.BACKUP_KEEP_MONTHLY,
            },
        ),
        Next(
            _("Drill"),
            at(settings.BACKUP_DRILL_AT),
            _("Restores the newest backup beside the site and compares everything."),
        ),
    ]


def _kept_for_undo() -> tuple[list[UndoCopy], str]:
    try:
        return kept(BackupSource.from_settings()), ""
    except BackupError as error:
        return [], str(error)


def _plots(shelf: StoredBackups, *, now: datetime) -> list[Plot]:
    today = now.date()
    days = by_day(_points(shelf, now=now), today=today)
    return [
        size_plot(days, today=today),
        new_bytes_plot(days, today=today),
        duration_plot(days, failed=_failed_days(now), today=today),
    ]


def _points(shelf: StoredBackups, *, now: datetime) -> list[Point]:
    """From the history of runs, which outlives backups, and from the store."""
    since = now - timedelta(days=LONGEST_DAYS + 1)
    runs = Run.objects.complete_backups().filter(started_at__gte=since)
    from_runs = [
        Point(
            taken_at=run.started_at.astimezone(now.tzinfo),
            size_bytes=run.numbers["database_bytes"] + run.numbers["media_bytes"],
            new_bytes=run.numbers["new_bytes"],
            seconds=run.seconds or 0,
        )
        for run in runs
    ]
    known = {run.backup_url for run in runs}
    from_store = [
        Point(
            taken_at=night.taken_at.astimezone(now.tzinfo),
            size_bytes=night.size_bytes,
            new_bytes=night.new_bytes,
            seconds=night.seconds,
        )
        for night in shelf.nights
        if night.url not in known
    ]
    return from_runs + from_store


def _failed_days(now: datetime) -> set[date]:
    since = now - timedelta(days=LONGEST_DAYS)
    failed = Run.objects.failed().of_kind(Run.Kind.BACKUP).filter(started_at__gte=since)
    moments = failed.values_list("started_at", flat=True)
    return {moment.astimezone(now.tzinfo).date() for moment in moments}
