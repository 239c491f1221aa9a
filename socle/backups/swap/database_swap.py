"""Puts a restored database and media folder in the places of the live ones."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread
from typing import Any

import psycopg2
from psycopg2 import sql

from socle.backups.exceptions import (
    BackupError,
    RestoreFailed,
    SwapInterrupted,
    TryAgain,
)
from socle.backups.postgres.connection import MAINTENANCE, Database
from socle.backups.runs.backup_source import BackupSource
from socle.backups.runs.run_locks import Lock, only_one
from socle.backups.swap.folder_swap import folders_forward
from socle.backups.swap.swap_journal import (
    Exchange,
    Plan,
    remove_journal,
    write_journal,
)
from socle.backups.swap.swap_recovery import is_done, settle

TERMINATE_EVERY_SECONDS = 0.05
SETTLE_SECONDS = 30.0
DRAIN_SECONDS = 2.0  # for requests that had begun; then their connections are closed


def swap(plan: Plan, *, site: BackupSource, lock: Lock) -> None:
    """
    Make the new database and folder the live ones, both or none.

    The journal comes first: web answers 503 while it is there, and whoever finds it
    after we were killed settles it. Both renames of the database are one transaction,
    in the session that holds the lock; the folders are renamed inside it. Whoever
    connects meanwhile waits for its end, so nobody gets in between.

    Raises RestoreFailed (everything is as it was), or SwapInterrupted (the journal is
    still there, and nothing beside the live ones may be touched).
    """
    try:
        write_journal(site.media_root, plan)
        _exchange(plan, site=site, lock=lock)
        remove_journal(site.media_root)
    except BaseException as error:
        done = _settle_now(plan, site=site, lock=lock, cause=error)
        if done and isinstance(error, Exception):
            return  # the commit had succeeded, its answer was lost
        if isinstance(error, psycopg2.Error | OSError | BackupError):
            raise RestoreFailed(
                f"The swap did not succeed and was taken back: {_words(error)}. The "
                "live database and files are as they were."
            ) from error
        raise


def _settle_now(
    plan: Plan, *, site: BackupSource, lock: Lock, cause: BaseException
) -> bool:
    """
    Whether the new ones are live. Postgres may be starting again: it gets a while.
    """
    ends_at = time.monotonic() + SETTLE_SECONDS
    while True:
        try:
            with _locked(site, lock=lock):
                settle(site)  # unless web was faster
                return is_done(plan, site=site)
        except (psycopg2.Error, OSError, BackupError) as error:
            if isinstance(error, TryAgain) and time.monotonic() < ends_at:
                time.sleep(0.2)
                continue
            raise SwapInterrupted(
                f"The swap was interrupted ({_words(cause)}) and cannot be settled "
                f"now: {_words(error)}. Until then the site answers 503; it settles by "
                "itself when Postgres answers, and so does: ./google_storage.sh -u"
            ) from error


@contextmanager
def _locked(site: BackupSource, *, lock: Lock) -> Iterator[None]:
    if lock.is_held():
        yield
        return
    with only_one(site.database, purpose="restore: settle"):
        yield


def _exchange(plan: Plan, *, site: BackupSource, lock: Lock) -> None:
    parent = site.media_root.parent
    if plan.database is None:
        if plan.media is not None:
            folders_forward(plan.media, parent=parent)
        return
    _drain(site.database)
    with lock.transaction() as cursor:
        # A server may answer before a commit is on its disk; the folders would not
        # follow when a crash takes it back.
        cursor.execute("SET LOCAL synchronous_commit = on")
        _rename_databases(cursor, plan.database, server=site.database)
        if plan.media is not None:
            folders_forward(plan.media, parent=parent)


def _rename_databases(cursor: Any, exchange: Exchange, *, server: Database) -> None:
    if exchange.had_live:
        with terminating_connections(server.named(exchange.live)):
            _rename(cursor, exchange.live, exchange.old)
    with terminating_connections(server.named(exchange.new)):
        _rename(cursor, exchange.new, exchange.live)


def _rename(cursor: Any, name: str, new_name: str) -> None:
    """Postgres waits up to 5 s for the database's last connection to end."""
    cursor.execute(
        sql.SQL("ALTER DATABASE {} RENAME TO {}").format(
            sql.Identifier(name), sql.Identifier(new_name)
        )
    )


def _drain(database: Database) -> None:
    """Give queries that run in `database` a moment to end; new requests get 503."""
    ends_at = time.monotonic() + DRAIN_SECONDS
    with (
        database.named(MAINTENANCE).connect(purpose="restore: swap") as connection,
        connection.cursor() as cursor,
    ):
        while time.monotonic() < ends_at:
            cursor.execute(
                "SELECT 1 FROM pg_stat_activity WHERE datname = %s "
                "AND backend_type = 'client backend' AND state <> 'idle' LIMIT 1",
                (database.name,),
            )
            if cursor.fetchone() is None:
                return
            time.sleep(TERMINATE_EVERY_SECONDS)


@contextmanager
def terminating_connections(database: Database) -> Iterator[None]:
    """End the connections to `database` again and again while the block runs."""
    done = Event()

    def terminate() -> None:
        with (
            database.named(MAINTENANCE).connect(purpose="restore: swap") as connection,
            connection.cursor() as cursor,
        ):
            while True:
                cursor.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                    "WHERE datname = %s AND pg_has_role(usesysid, 'USAGE')",
                    (database.name,),
                )
                if done.wait(TERMINATE_EVERY_SECONDS):
                    return

    thread = Thread(target=terminate, daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def _words(error: BaseException) -> str:
    return " ".join(str(error).split()).rstrip(".") or type(error).__name__
