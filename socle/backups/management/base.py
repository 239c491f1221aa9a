"""What the commands of this app share: exit statuses, signals, progress."""

import shutil
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

import psycopg2
from django.core.management.base import BaseCommand, CommandError
from django.db import Error as DjangoDatabaseError

from socle.backups.exceptions import AlreadyRunning, BackupError
from socle.backups.postgres.database_errors import words_of
from socle.backups.progress import Progress
from socle.backups.runs.run_recorder import RunRecorder

FAILED, LOCKED, USAGE = 1, 2, 2
CLEAR = "\x1b[K"  # the rest of the terminal's line


def add_of(parser) -> None:
    """--of prod: another environment's backups, in the store of this one's."""
    parser.add_argument(
        "--of", default="", metavar="ENVIRONMENT", help="local, dev or prod"
    )


class BackupCommand(BaseCommand):
    """Exit status 1 is a failure, 2 wrong usage or another run that holds the lock."""

    requires_system_checks = []  # a restore must work when the site does not

    def execute(self, *args, **options):
        try:
            with ended_by_sigterm():
                return super().execute(*args, **options)
        except AlreadyRunning as error:
            raise CommandError(str(error), returncode=LOCKED) from error
        except BackupError as error:
            raise CommandError(str(error), returncode=FAILED) from error
        except (psycopg2.Error, DjangoDatabaseError) as error:
            raise CommandError(
                f"The database answered with an error: {words_of(error)}. Correct "
                "what it names (Postgres' own log says more), then run it again.",
                returncode=FAILED,
            ) from error
        except OSError as error:
            raise CommandError(
                f"The system refused something: {words_of(error)}. Correct it, then "
                "run it again.",
                returncode=FAILED,
            ) from error

    def tell_warnings(self, progress: Progress) -> None:
        for words in progress.warnings:
            self.tell(f"Note: {words}")

    def progress(self, run: RunRecorder | None = None) -> Progress:
        """On a terminal one line is written anew; elsewhere there is one every 10 s."""
        return Progress(
            self.tell,
            rewrite=self.rewrite if self.stderr.isatty() else None,
            heard=run.moved if run else lambda line: None,
        )

    def rewrite(self, line: str) -> None:
        width = shutil.get_terminal_size().columns - 1
        self.stderr.write(f"\r{CLEAR}{line[:width]}", style_func=str, ending="")
        self.stderr.flush()

    def tell(self, line: str) -> None:
        """For the person who waits; stdout is for the result."""
        self.stderr.write(line, style_func=str)
        self.stderr.flush()


@contextmanager
def ended_by_sigterm() -> Iterator[None]:
    """SIGTERM becomes an exception, so that every `with` ends as after a failure."""

    def stop(number: int, frame: FrameType | None) -> None:
        sys.exit(128 + number)

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
