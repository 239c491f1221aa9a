"""Puts a restored database and media folder in the places of the live ones."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from threading import Event, Thread
from typing import Any

import psycopg2
from psycopg2 import sql

from backups.exceptions import RestoreFailed
from backups.places import Places, exists
from backups.postgres import MAINTENANCE, Database

TERMINATE_EVERY_SECONDS = 0.05


def swap(places: Places) -> None:
    """
    Both renames of the database are one transaction, the folders' are inside it: an
    exception anywhere takes everything back. Whoever connects meanwhile waits for
    the transaction's end, so nobody gets in between.

    Raises RestoreFailed; then everything is as it was.
    """
    live, new, old = places.database, places.new_database, places.old_database
    try:
        with (
            live.named(MAINTENANCE).connect(
                purpose="restore: swap", autocommit=False
            ) as connection,
            ExitStack() as undo,
        ):
            with terminating_connections(live), connection.cursor() as cursor:
                if exists(cursor, live.name):
                    _rename(cursor, live.name, old.name)
            with terminating_connections(new), connection.cursor() as cursor:
                _rename(cursor, new.name, live.name)
            _rename_folders(places, undo=undo)
            connection.commit()
            undo.pop_all()
    except (psycopg2.Error, OSError) as error:
        raise RestoreFailed(
            f"The swap did not succeed and was taken back: {str(error).strip()}. The "
            "live database and files are as they were."
        ) from error


def _rename_folders(places: Places, *, undo: ExitStack) -> None:
    if places.media.exists():
        places.media.rename(places.old_media)
        undo.callback(places.old_media.rename, places.media)
    places.new_media.rename(places.media)
    undo.callback(places.media.rename, places.new_media)


def _rename(cursor: Any, name: str, new_name: str) -> None:
    """Postgres waits up to 5 s for the database's last connection to end."""
    cursor.execute(
        sql.SQL("ALTER DATABASE {} RENAME TO {}").format(
            sql.Identifier(name), sql.Identifier(new_name)
        )
    )


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
                    "WHERE datname = %s",
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
