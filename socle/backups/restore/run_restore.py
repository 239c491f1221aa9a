"""Restore a backup beside what is live, prove it, then swap."""

import logging
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

import psycopg2

from socle.backups.exceptions import (
    BackupError,
    LookAtIt,
    RestoreFailed,
    SwapInterrupted,
)
from socle.backups.format.backup_folders import held
from socle.backups.format.backup_metadata import Backup
from socle.backups.media.bucket_restore import BucketRestorer
from socle.backups.media.folder_restore import restore_media
from socle.backups.postgres.database_errors import as_backup_error
from socle.backups.postgres.roles import roles_made
from socle.backups.postgres.subscriptions import rest_subscriptions
from socle.backups.progress import Progress
from socle.backups.restore.preflight import check_fits
from socle.backups.restore.restore_targets import (
    Parts,
    RestoreTargets,
    clear,
    drop_database,
    plan_of,
    remove_folder,
)
from socle.backups.restore.restored_database import build_database
from socle.backups.restore.scrubbing import needs_scrubbing
from socle.backups.runs.backup_source import BackupSource
from socle.backups.runs.run_locks import Lock
from socle.backups.stores import Store, open_store
from socle.backups.swap.database_swap import swap
from socle.backups.swap.swap_recovery import alone
from socle.backups.swap.undo_copies import forget_all_but

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Choices:
    """What a person may decide about a restore."""

    parts: Parts = Parts.BOTH
    scrub: bool = True
    """Take personal data out where `needs_scrubbing` says so."""
    keep: tuple[str, ...] = ()
    """Staff whose accounts are not scrubbed."""
    without_broken: bool = False
    """Leave out the constraints that rows of the backup break."""


def restore_backup(
    backup: Backup,
    *,
    site: BackupSource,
    store: Store,
    now: datetime,
    progress: Progress,
    choices: Choices = Choices(),
) -> RestoreTargets:
    """
    Make `backup` the live database and media of `site`, or the chosen part of them.

    Until the swap nothing live is touched: an exception before it leaves everything
    as it was and takes the new database and folder away. Afterwards the previous
    ones lie beside the live ones under the names in the returned Places; those of
    an earlier restore are dropped then.

    The swap ends all connections to the database, also those of the caller.

    Raises AlreadyRunning, RestoreRefused, RestoreFailed, ObjectDamaged, …
    """
    with alone(site, purpose="restore") as lock:
        places = RestoreTargets.unused(
            now, database=site.database, media=site.media_root
        )
        work = _RestoreWork(backup, site, store, places, choices, progress)
        clear(site.database, site.media_root, kind="restore")
        check_fits(backup, site=site, store=store, parts=choices.parts)
        with held(store, backup.address):
            # The database goes before the roles that its privileges name.
            with work.roles(), _taken_away_on_failure(places):
                work.build()
                lock.check()
                work.swap_in(lock)
            work.conclude()
        forget_all_but(places.stamp, site=site)
    return places


@dataclass(frozen=True)
class _RestoreWork:
    """One restore, under the lock."""

    backup: Backup
    site: BackupSource
    store: Store
    places: RestoreTargets
    choices: Choices
    progress: Progress

    @cached_property
    def bucket(self) -> BucketRestorer | None:
        """None where the uploaded files live in a folder."""
        if not self.site.media_store_url:
            return None
        media = open_store(self.site.media_store_url)
        stamp = self.places.stamp
        return BucketRestorer(self.backup, store=self.store, media=media, stamp=stamp)

    @contextmanager
    def roles(self) -> Iterator[None]:
        in_database = Parts.DATABASE in self.choices.parts
        wanted = self.backup.record.database.roles if in_database else []
        with roles_made(self.site.database, wanted=wanted) as made:
            if made:
                self.progress.say(f"Made the missing roles {', '.join(made)}")
            yield

    def build(self) -> None:
        if Parts.DATABASE in self.choices.parts:
            self._build_database()
        if Parts.MEDIA in self.choices.parts:
            self._build_media()

    def swap_in(self, lock: Lock) -> None:
        parts = self.choices.parts
        in_folder = Parts.MEDIA in parts and not self.bucket
        plan = plan_of(
            self.places,
            database=self.places.new_database if Parts.DATABASE in parts else None,
            media=self.places.new_media if in_folder else None,
        )
        if plan.database or plan.media:
            self.progress.say("Swapping the restored parts in")
            swap(plan, site=self.site, lock=lock)
        if plan.database:
            rest_subscriptions(
                live=self.places.database,
                old=self.places.old_database,
                progress=self.progress,
            )

    def conclude(self) -> None:
        """What can only be done when the restored database is live."""
        if self.bucket is None:
            return
        if aside := self.bucket.replace_different(progress=self.progress):
            self.progress.say(f"What they replaced is kept in {aside}")

    def _build_database(self) -> None:
        record = self.backup.record
        needs_room = Parts.MEDIA in self.choices.parts and not self.bucket
        left_out = build_database(
            self.backup,
            into=self.places.new_database,
            site=self.site,
            store=self.store,
            spare_bytes=record.media.size_bytes if needs_room else 0,
            scrub=self.choices.scrub and needs_scrubbing(record, site=self.site),
            keep=self.choices.keep,
            without_broken=self.choices.without_broken,
            progress=self.progress,
        )
        for one in left_out:
            self.progress.warn(one.advice())

    def _build_media(self) -> None:
        self.progress.say(f"Restoring media of {self.site.media_place}")
        if self.bucket:
            self.bucket.bring_missing(progress=self.progress)
            return
        places = self.places
        places.new_media.mkdir()
        if places.media.exists():
            shutil.copymode(places.media, places.new_media)
        restore_media(
            self.backup,
            store=self.store,
            folder=places.new_media,
            progress=self.progress,
            live=places.media,
        )
        os.sync()  # once, instead of for each file: a loss of power after the swap


@contextmanager
def _taken_away_on_failure(places: RestoreTargets) -> Iterator[None]:
    try:
        yield
    except SwapInterrupted:
        raise  # what lies beside the live ones is needed to settle it
    except BaseException as error:
        remove_folder(places.new_media)
        try:
            drop_database(places.new_database)
        except (BackupError, psycopg2.Error) as problem:
            # The next restore drops it.
            logger.warning("%s is left over: %s", places.new_database.name, problem)
        if isinstance(error, LookAtIt | psycopg2.Error | OSError):
            raise RestoreFailed(
                f"{_told(error)} The restore was stopped before anything live was "
                "changed."
            ) from error
        raise


def _told(error: Exception) -> str:
    if isinstance(error, psycopg2.Error):
        error = as_backup_error(error, purpose="restore")
    return str(error).strip()
