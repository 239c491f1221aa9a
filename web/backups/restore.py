"""Restore a backup beside what is live, prove it, then swap."""

import logging
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import psycopg2
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from backups.dump import load_dump
from backups.exceptions import BackupError, LookAtIt, RestoreFailed
from backups.locks import only_one
from backups.manifest import open_part
from backups.media_restore import restore_media
from backups.places import (
    Places,
    create_database,
    databases_of,
    drop_database,
    folders_of,
)
from backups.postgres import Database
from backups.preflight import check_fits
from backups.progress import Progress
from backups.record import Backup
from backups.site import Site
from backups.snapshot import snapshot
from backups.stores import Store
from backups.swap import swap

logger = logging.getLogger(__name__)


def restore_backup(
    backup: Backup, *, site: Site, store: Store, now: datetime, progress: Progress
) -> Places:
    """
    Make `backup` the live database and media of `site`.

    Until the swap nothing live is touched: an exception before it leaves everything
    as it was and takes the new database and folder away. Afterwards the previous
    ones lie beside the live ones under the names in the returned Places; those of
    an earlier restore are dropped then.

    The caller closes its own connections to the database: the swap ends all others.

    Raises AlreadyRunning, RestoreRefused, RestoreFailed, ObjectDamaged, …
    """
    with only_one(site.database, purpose="restore") as lock:
        check_fits(backup, site=site, store=store)
        places = Places.at(now, database=site.database, media=site.media_root)
        _clear_leftovers(site)
        with _taken_away_on_failure(places):
            _load_database(backup, store=store, places=places, progress=progress)
            _load_media(backup, store=store, places=places, progress=progress)
            lock.check()
            progress.say("Swapping the restored database and media in")
            swap(places)
        _drop_earlier(site, kept=places)
    return places


def _load_database(
    backup: Backup, *, store: Store, places: Places, progress: Progress
) -> None:
    dump = backup.record.database.dump
    progress.say(f"Restoring the database as {places.new_database.name}")
    create_database(places.new_database)
    with open_part(backup, dump, store=store) as source:
        load_dump(places.new_database, source=source, progress=progress)
    progress.say("Comparing the rows of every table")
    check_rows(places.new_database, expected=backup.record.database.rows)
    _analyze(places.new_database)


def check_rows(database: Database, *, expected: dict[str, int]) -> None:
    """Raises RestoreFailed, which names the first tables that differ."""
    with snapshot(database) as view:
        found = view.count_rows()
    if found == expected:
        return
    different = [
        f"{table} has {found.get(table, 'no')} rows instead of "
        f"{expected.get(table, 'no')}"
        for table in sorted(found.keys() | expected.keys())
        if found.get(table) != expected.get(table)
    ]
    raise RestoreFailed(
        "The restored database is not the one that was dumped: "
        f"{'; '.join(different[:5])} ({len(different)} tables differ)."
    )


def _analyze(database: Database) -> None:
    """Otherwise the first requests after the swap plan without statistics."""
    with database.connect(purpose="restore") as session, session.cursor() as cursor:
        cursor.execute("ANALYZE")


def _load_media(
    backup: Backup, *, store: Store, places: Places, progress: Progress
) -> None:
    progress.say(f"Restoring media into {places.new_media}")
    places.new_media.mkdir()
    if places.media.exists():
        shutil.copymode(places.media, places.new_media)
    restore_media(backup, store=store, folder=places.new_media, progress=progress)


@contextmanager
def _taken_away_on_failure(places: Places) -> Iterator[None]:
    try:
        yield
    except BaseException as error:
        _remove(places.new_media)
        try:
            drop_database(places.new_database)
        except (BackupError, psycopg2.Error) as problem:
            # The next restore drops it.
            logger.warning("%s is left over: %s", places.new_database.name, problem)
        if isinstance(error, LookAtIt | psycopg2.Error | OSError):
            raise RestoreFailed(
                f"{str(error).strip()} The restore was stopped before anything live "
                "was changed."
            ) from error
        raise


def _clear_leftovers(site: Site) -> None:
    """What a killed restore left; no other one runs, since this one has the lock."""
    for database in databases_of(site.database, kind="restore"):
        drop_database(database)
    for folder in folders_of(site.media_root, kind="restore"):
        _remove(folder)


def _drop_earlier(site: Site, *, kept: Places) -> None:
    for database in databases_of(site.database, kind="before"):
        if database != kept.old_database:
            drop_database(database)
    for folder in folders_of(site.media_root, kind="before"):
        if folder != kept.old_media:
            _remove(folder)


def _remove(folder: Path) -> None:
    if folder.exists():
        shutil.rmtree(folder)


def missing_migrations() -> int:
    """How many migrations of this code the (restored) database does not have."""
    executor = MigrationExecutor(connection)
    return len(executor.migration_plan(executor.loader.graph.leaf_nodes()))
