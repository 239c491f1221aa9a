"""
How each run is told: a row, a line in the log, a ping, Sentry.

A command does its work inside one block, and hands what it knows to the run:

    with told("restore") as run:
        backup = …
        run.result(url=backup.url)  # at once: a failure is told with it as well
        restore_backup(…, progress=self.progress(run))
        run.result(rows=12, files=3)
"""

import logging
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from threading import get_ident
from typing import Any
from uuid import uuid4

import psycopg2
from django.db import Error, connection
from django.utils import timezone

from socle.backups.exceptions import BackupError
from socle.backups.models import Run
from socle.backups.postgres.connection import Database
from socle.backups.runs import notifications
from socle.backups.runs.run_liveness import alive, living

logger = logging.getLogger("backups.runs")
WRITE_SECONDS = 1.0
KEPT_RUNS = 1000
KILLED = "It was killed or lost its database."


class RunRecorder:
    """The run in progress. Its row is written by the thread that began it, alone."""

    def __init__(self, kind: str, *, clock: Callable[[], float]):
        self.row = Run(id=uuid4(), kind=kind, started_at=timezone.now())
        self._clock = clock
        self._began = self._wrote = clock()
        self._thread = get_ident()

    def result(self, *, url: str = "", **numbers: Any) -> None:
        """What the row and the line in the log say of it; later words add to it."""
        self.row.backup_url = url or self.row.backup_url
        self.row.numbers |= numbers

    def moved(self, line: str) -> None:
        """The last words of the progress; written at most once a second."""
        self.row.progress = line.strip()
        now = self._clock()
        if now - self._wrote < WRITE_SECONDS or get_ident() != self._thread:
            return
        self._wrote = now
        with _if_possible("The progress of a run"):
            Run.objects.filter(pk=self.row.pk).update(
                progress=self.row.progress, backup_url=self.row.backup_url
            )

    def end(self, failure: BaseException | None) -> float:
        """Returns its duration in seconds."""
        seconds = round(self._clock() - self._began, 1)
        self.row.ended_at = self.row.started_at + timedelta(seconds=seconds)
        self.row.outcome = Run.Outcome.DONE if failure is None else Run.Outcome.FAILED
        self.row.reason = _words(failure)
        return seconds


@contextmanager
def told(
    kind: str, *, clock: Callable[[], float] = time.monotonic
) -> Iterator[RunRecorder]:
    """
    Tell of the run that the block is. Its exception is told as its failure and goes
    on. Without a database it is told all the same, but leaves no row.

    kind: one of Run.Kind.
    """
    run = RunRecorder(kind, clock=clock)
    failure: BaseException | None = None
    with ExitStack() as lasting:
        _begin(run, lasting=lasting)
        notifications.began(kind, run_id=run.row.pk)
        try:
            yield run
        except BaseException as error:
            failure = error
            raise
        finally:
            seconds = run.end(failure)
            _write_end(run.row)
            _log(run.row, seconds=seconds)
            notifications.ended(
                kind, run_id=run.row.pk, seconds=seconds, failure=failure
            )


def mark_killed() -> None:
    """Rows of runs that ended without a word. May raise ServerUnavailable."""
    running = list(Run.objects.running().values_list("pk", flat=True))
    if not running:
        return
    dead = set(running) - living(running, database=Database.from_settings())
    Run.objects.running().filter(pk__in=dead).update(
        outcome=Run.Outcome.FAILED, reason=KILLED
    )


def _begin(run: RunRecorder, *, lasting: ExitStack) -> None:
    with _if_possible("The beginning of a run"):
        lasting.enter_context(
            alive(run.row.pk, kind=run.row.kind, database=Database.from_settings())
        )
        mark_killed()
        run.row.save(force_insert=True)


def _write_end(row: Run) -> None:
    with _if_possible("The end of a run"):
        row.save()  # as a new row, if a restore has exchanged the database
        stale = Run.objects.values("pk")[KEPT_RUNS:]
        Run.objects.filter(pk__in=stale).delete()


@contextmanager
def _if_possible(what: str) -> Iterator[None]:
    """Telling never fails a run, and never stands in for its own failure."""
    if not connection.in_atomic_block:
        connection.close_if_unusable_or_obsolete()  # a restore ends those of all
    try:
        yield
    except (Error, psycopg2.Error, BackupError) as error:
        words = " ".join(str(error).split())
        logger.warning("%s could not be written down: %s", what, words)


def _log(row: Run, *, seconds: float) -> None:
    facts = {
        "kind": row.kind,
        "id": str(row.pk),
        "outcome": row.outcome,
        "seconds": seconds,
        "url": row.backup_url,
        "numbers": row.numbers,
        "reason": row.reason,
    }
    level = logging.INFO if row.outcome == Run.Outcome.DONE else logging.ERROR
    if sys.stderr.isatty():
        level = logging.DEBUG  # a person reads the command's own words there
    words = (row.kind, row.outcome, seconds)
    logger.log(level, "%s %s after %s s.", *words, extra={"run": facts})


def _words(failure: BaseException | None) -> str:
    if failure is None:
        return ""
    if isinstance(failure, KeyboardInterrupt | SystemExit):
        return "It was stopped by a signal."
    if isinstance(failure, BackupError) or type(failure).__name__ == "CommandError":
        return str(failure)
    return f"{type(failure).__name__}: {str(failure).strip()}".strip(": ")
