"""What the last restore replaced: kept beside what is live, until it is forgotten."""

import logging
import os
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import psycopg2

from socle.backups.exceptions import BackupError, NothingKept
from socle.backups.postgres.connection import MAINTENANCE, Database
from socle.backups.postgres.roles import let_the_site_in
from socle.backups.postgres.subscriptions import rest_subscriptions
from socle.backups.progress import Progress, readable_size
from socle.backups.restore.restore_targets import (
    RestoreTargets,
    database_exists,
    databases_of,
    drop_database,
    folders_of,
    moment_of,
    plan_of,
    remove_folder,
    stamp_of,
)
from socle.backups.runs.backup_source import BackupSource
from socle.backups.swap.database_swap import swap
from socle.backups.swap.run_history import carry_history
from socle.backups.swap.swap_recovery import alone

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class UndoCopy:
    """What one restore (or one undo) replaced; None for a part that it left alone."""

    stamp: str
    database: Database | None
    database_bytes: int
    folder: Path | None
    folder_bytes: int

    @property
    def replaced_at(self) -> datetime:
        return moment_of(self.stamp)

    @property
    def size_bytes(self) -> int:
        return self.database_bytes + self.folder_bytes

    def __str__(self) -> str:
        named = []
        if self.database is not None:
            size = readable_size(self.database_bytes)
            named.append(f"the database {self.database.name} ({size})")
        if self.folder is not None:
            named.append(f"{self.folder} ({readable_size(self.folder_bytes)})")
        return f"{' and '.join(named)}, replaced {self.replaced_at:%Y-%m-%d %H:%M} UTC"


def kept(site: BackupSource) -> list[UndoCopy]:
    """
    Oldest first; mostly one or none. Without those whose dropping was begun: half of
    them is gone. Raises ServerUnavailable.
    """
    databases = {
        stamp_of(d.name): d for d in databases_of(site.database, kind="before")
    }
    folders = {stamp_of(f.name): f for f in folders_of(site.media_root, kind="before")}
    going = _half_dropped(site)
    return [
        UndoCopy(
            stamp=stamp,
            database=databases.get(stamp),
            database_bytes=_database_bytes(databases.get(stamp)),
            folder=folders.get(stamp),
            folder_bytes=_folder_bytes(folders.get(stamp)),
        )
        for stamp in sorted((databases.keys() | folders.keys()) - going)
    ]


def undo_restore(site: BackupSource, *, now: datetime, progress: Progress) -> UndoCopy:
    """
    Swap what the last restore replaced in again; what is live now is kept in its turn,
    so that an undo can be undone.

    Returns what is kept now. Raises NothingKept, AlreadyRunning, RestoreFailed (nothing
    was changed).
    """
    with alone(site, purpose="undo") as lock:
        previous = newest_kept(site)
        places = RestoreTargets.unused(
            now, database=site.database, media=site.media_root
        )
        if previous.database is not None:
            let_the_site_in(previous.database)
        if previous.database is not None and database_exists(site.database):
            carry_history(source=site.database, target=previous.database)
        progress.say(f"Swapping in {previous}")
        lock.check()
        plan = plan_of(places, database=previous.database, media=previous.folder)
        swap(plan, site=site, lock=lock)
        if plan.database:
            rest_subscriptions(
                live=places.database, old=places.old_database, progress=progress
            )
        forget_all_but(places.stamp, site=site)
        return newest_kept(site)


def forget(site: BackupSource, *, progress: Progress) -> int:
    """
    Drop everything that is kept for an undo. Returns its size in bytes.

    Raises NothingKept, AlreadyRunning.
    """
    with alone(site, purpose="forget"):
        drop_rest(site)
        return _drop(_all_kept(site), site=site, progress=progress)


def forget_proven(
    site: BackupSource, *, proven_since: datetime, progress: Progress
) -> int:
    """
    Drop what was replaced before `proven_since`, the moment when a backup was taken
    that is proven now: what came after that restore is safe in it. The caller has the
    lock. Returns its size in bytes.
    """
    older = [one for one in kept(site) if one.replaced_at < proven_since]
    return _drop(older, site=site, progress=progress)


def forget_all_but(stamp: str, *, site: BackupSource) -> None:
    """
    After a swap: one step back is kept, not a history. The caller has the lock. What
    cannot be dropped now is dropped after the next swap: the swap itself is done.
    """
    try:
        found = kept(site)
        if any(one.stamp == stamp for one in found):
            others = [one for one in found if one.stamp != stamp]
            _drop(others, site=site, progress=Progress())
    except (psycopg2.Error, OSError, BackupError) as error:
        words = " ".join(str(error).split())
        logger.warning("What an earlier restore had replaced is left over: %s", words)


def _drop(which: Iterable[UndoCopy], *, site: BackupSource, progress: Progress) -> int:
    size_bytes = 0
    for one in which:
        progress.say(f"Dropping {one}")
        places = _places(site, stamp=one.stamp)
        if one.folder is not None:
            one.folder.rename(places.dropped_media)
        _drop_parts(places)
        size_bytes += one.size_bytes
    drop_rest(site)
    return size_bytes


def drop_rest(site: BackupSource) -> None:
    """What is left where a dropping was interrupted. The caller has the lock."""
    for stamp in _half_dropped(site):
        places = _places(site, stamp=stamp)
        if places.old_media.exists():
            places.old_media.rename(places.dropped_media)
        _drop_parts(places)


def _drop_parts(places: RestoreTargets) -> None:
    """The folder has its other name already: who sees only one half undoes nothing."""
    drop_database(places.old_database)
    remove_folder(places.dropped_media)


def _half_dropped(site: BackupSource) -> set[str]:
    databases = databases_of(site.database, kind="before", half_dropped=True)
    folders = folders_of(site.media_root, kind="dropped")
    names = [one.name for one in databases] + [one.name for one in folders]
    return {stamp_of(name) for name in names}


def _places(site: BackupSource, *, stamp: str) -> RestoreTargets:
    return RestoreTargets(site.database, site.media_root, stamp)


def newest_kept(site: BackupSource) -> UndoCopy:
    """Raises NothingKept."""
    return _all_kept(site)[-1]


def _all_kept(site: BackupSource) -> list[UndoCopy]:
    found = kept(site)
    if not found:
        raise NothingKept(
            "Nothing is kept of before a restore: there was none, or it was forgotten "
            "since. Backups that can be restored: ./google_storage.sh -l"
        )
    return found


def _database_bytes(database: Database | None) -> int:
    if database is None:
        return 0
    with (
        database.named(MAINTENANCE).connect() as connection,
        connection.cursor() as cursor,
    ):
        cursor.execute(
            "SELECT pg_database_size(oid) FROM pg_database WHERE datname = %s",
            (database.name,),
        )
        sizes = cursor.fetchone()  # none when it was dropped just now
        return int(sizes[0] or 0) if sizes else 0


def _folder_bytes(folder: Path | None) -> int:
    if folder is None:
        return 0
    return sum(
        Path(parent, name).lstat().st_size
        for parent, _, names in os.walk(folder)
        for name in names
    )
