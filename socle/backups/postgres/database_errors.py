"""Errors of Postgres as errors of this app: the cause, and what to do about it."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg2

from socle.backups.exceptions import (
    BackupError,
    DatabaseBusy,
    DatabaseRefused,
    ServerUnavailable,
)

# By purpose of the lock: what a person runs again.
_COMMANDS = {
    "backup": "./google_storage.sh -b",
    "restore": "./google_storage.sh -r URL",
    "drill": "./google_storage.sh -d",
    "undo": "./google_storage.sh -u",
    "forget": "./google_storage.sh --forget",
    "prune": "./google_storage.sh -p",
}
_LOCKS = (
    "Raise max_locks_per_transaction in postgresql.conf (or: ALTER SYSTEM SET "
    "max_locks_per_transaction = 1024) and start Postgres again"
)
# By SQLSTATE, the longest beginning first.
_WAYS_OUT = {
    "53100": "Make room on the disk of the Postgres server",
    "53200": _LOCKS,
    "53300": "End some connections, or raise max_connections",
    "53": "Give the Postgres server more of what it ran out of",
    "42501": "Make POSTGRES_USER in .env a superuser of the server",
    "XX": "Look into the server's log: its disk or its files may be damaged",
    "58": "Look into the server's log: its disk or its files may be damaged",
}
_BUSY = ("40", "55", "57014")
_GONE = ("08", "57")


@contextmanager
def database_errors(purpose: str) -> Iterator[None]:
    """Raises a BackupError for every error of the driver in the block."""
    try:
        yield
    except psycopg2.Error as error:
        raise as_backup_error(error, purpose=purpose) from error


def as_backup_error(error: psycopg2.Error, *, purpose: str) -> BackupError:
    state = error.pgcode or ""
    said = f"Postgres stopped the {purpose}: {words_of(error)}."
    again = f"run it again: {_COMMANDS.get(purpose, './google_storage.sh --help')}"
    if state.startswith(_BUSY):
        return DatabaseBusy(f"{said} When the other work has ended, {again}")
    if state.startswith(_GONE) or isinstance(error, psycopg2.InterfaceError):
        return ServerUnavailable(f"{said} When Postgres runs, {again}")
    if not state and isinstance(error, psycopg2.OperationalError):
        return ServerUnavailable(f"{said} When Postgres runs, {again}")
    return DatabaseRefused(f"{said} {_way_out(state)}, then {again}")


def words_of(error: BaseException) -> str:
    return " ".join(str(error).split()).rstrip(".") or type(error).__name__


def _way_out(state: str) -> str:
    for beginning, words in _WAYS_OUT.items():
        if state.startswith(beginning):
            return words
    return "Correct what it names (its own log says more)"
