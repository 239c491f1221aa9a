"""Take a backup, find the backups, prove that the store can be used."""

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import uuid4

import django

from backups.addresses import DUMP, MEDIA, RECORD, Address, Shelf, backup_id
from backups.checksums import Fingerprint, check_stored, crc32c_of
from backups.exceptions import (
    BackupError,
    NotABackup,
    ObjectDamaged,
    ObjectExists,
    ObjectMissing,
)
from backups.locks import only_one
from backups.parts import keep_database, keep_media
from backups.progress import Progress
from backups.record import FORMAT, Backup, Record, read_backup
from backups.site import Site
from backups.stores import Store
from backups.threads import THREADS, map_in_threads

logger = logging.getLogger(__name__)


def take_backup(
    site: Site,
    *,
    store: Store,
    now: datetime,
    progress: Progress,
    clock: Callable[[], float] = time.monotonic,
) -> Backup:
    """
    Put the database and the uploaded files of `site` into `store`.

    The record is written last: until then there is no backup, and what a failed run
    put into the backup's folder is taken away again. (Contents of media stay: the
    next run needs them.) Files that could not be kept are in `record.media.skipped`.

    Raises AlreadyRunning, StoreUnavailable, ServerUnavailable (try again), or
    another BackupError.
    """
    started = clock()
    address = Address(store.url, site.shelf, backup_id(now))
    with only_one(site.database, purpose="backup"):
        store.prepare()
        _check_unused(store, address)
        with _taken_away_on_failure(store) as made:
            database = keep_database(site, store=store, to=address, progress=progress)
            made.append(address.folder + DUMP)
            media = keep_media(site, store=store, to=address, progress=progress)
            made.append(address.folder + MEDIA)
            record = Record(
                format=FORMAT,
                project=site.project,
                environment=site.environment,
                created_at=now.astimezone(UTC),
                duration_seconds=round(clock() - started, 1),
                django_version=django.get_version(),
                database=database,
                media=media,
            )
            _commit(store, address.folder + RECORD, data=record.to_json())
    return Backup(address, record)


def _check_unused(store: Store, address: Address) -> None:
    """Also the first word with the store: what is wrong with it shows here."""
    for found in store.list(address.folder):
        raise ObjectExists(
            f"{store.url}/{found.name} exists already: another run began in the same "
            "second. Run it again: ./google_storage.sh -b"
        )


@contextmanager
def _taken_away_on_failure(store: Store) -> Iterator[list[str]]:
    """Yields a list: the names in it are deleted if the block raises."""
    made: list[str] = []
    try:
        yield made
    except BaseException:
        for name in made:
            try:
                store.delete(name)
            except BackupError as error:
                logger.warning("%s/%s is left over: %s", store.url, name, error)
        raise


def _commit(store: Store, name: str, *, data: bytes) -> None:
    try:
        stored = store.put(name, data)
    except ObjectExists:
        if store.read(name) != data:
            raise
        return  # it was stored at our first attempt, whose answer was lost
    check_stored(
        store, name, stored=stored, sent=Fingerprint(len(data), "", crc32c_of(data))
    )


@dataclass(frozen=True)
class Listing:
    """Complete backups, newest first, and a sentence about each unreadable one."""

    backups: list[Backup]
    unreadable: list[str]


def list_backups(store: Store, *, shelf: Shelf) -> Listing:
    """A folder without a record is not listed: it is no backup."""
    store.prepare()
    ids = sorted(
        (
            found.name.split("/")[-2]
            for found in store.list(shelf.backups)
            if found.name.endswith(f"/{RECORD}")
        ),
        reverse=True,
    )

    def read(backup_id: str) -> Backup | str:
        try:
            return read_backup(store, Address(store.url, shelf, backup_id))
        except NotABackup as error:
            return str(error)

    found = list(map_in_threads(read, ids, threads=THREADS))
    return Listing(
        backups=[one for one in found if isinstance(one, Backup)],
        unreadable=[one for one in found if isinstance(one, str)],
    )


def newest_backup(store: Store, *, shelf: Shelf) -> Backup:
    """Raises NotABackup when there is none."""
    backups = list_backups(store, shelf=shelf).backups
    if not backups:
        raise NotABackup(
            f"{store.url}/{shelf.backups} holds no complete backup yet. Make one: "
            "./google_storage.sh -b"
        )
    return backups[0]


def prove_store(store: Store, *, shelf: Shelf) -> list[str]:
    """
    Write, read and delete an object. Returns a sentence about each step.

    Raises the store's own errors; ObjectDamaged if it gives back something else.
    """
    name = f"{shelf.project}/{shelf.environment}/check-{uuid4()}"
    data = uuid4().bytes * 64
    done = [store.prepare()]
    store.put(name, data)
    done.append(f"Wrote {store.url}/{name}.")
    try:
        if store.read(name) != data:
            raise ObjectDamaged(f"{store.url}/{name} came back as other bytes.")
        done.append("Read it back: the same bytes.")
    finally:
        store.delete(name)
    done.append("Deleted it.")
    for _ in store.list(name):
        raise ObjectMissing(f"{store.url}/{name} is still there after its deletion.")
    return done
