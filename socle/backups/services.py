"""Take a backup, find the backups, prove that the store can be used."""

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from uuid import uuid4

import django

from socle.backups.exceptions import (
    BackupError,
    ObjectDamaged,
    ObjectExists,
    ObjectMissing,
    ObjectRetained,
)
from socle.backups.format.backup_metadata import FORMAT, Backup, BackupMetadata
from socle.backups.format.checksums import ObjectChecksums, check_stored, crc32c_of
from socle.backups.format.namespace import (
    DUMP,
    MEDIA,
    RECORD,
    Address,
    BackupNamespace,
    backup_id,
)
from socle.backups.progress import Progress
from socle.backups.runs.backup_parts import keep_database, keep_media
from socle.backups.runs.backup_source import BackupSource
from socle.backups.stores import Store
from socle.backups.swap.swap_recovery import alone

logger = logging.getLogger(__name__)


def take_backup(
    site: BackupSource,
    *,
    store: Store,
    now: datetime,
    progress: Progress,
    full: bool = False,
    clock: Callable[[], float] = time.monotonic,
) -> Backup:
    """
    Put the database and the uploaded files of `site` into `store`.

    full: read every file, also those whose size and time are those of the last
    backup. Nothing is sent twice for it.

    The record is written last: until then there is no backup, and what a failed run
    put into the backup's folder is taken away again. (Contents of media stay: the
    next run needs them.) Files that could not be kept are in `record.media.skipped`.

    Raises AlreadyRunning, StoreUnavailable, ServerUnavailable (try again), or
    another BackupError.
    """
    started = clock()
    address = Address(store.url, site.shelf, backup_id(now))
    with alone(site, purpose="backup") as lock:
        store.prepare()
        _check_unused(store, address)
        with _taken_away_on_failure(store) as made:
            database = keep_database(site, store=store, to=address, progress=progress)
            made.append(address.folder + DUMP)
            media = keep_media(
                site, store=store, to=address, full=full, progress=progress
            )
            made.append(address.folder + MEDIA)
            record = BackupMetadata(
                format=FORMAT,
                project=site.project,
                environment=site.environment,
                created_at=now.astimezone(UTC),
                duration_seconds=round(clock() - started, 1),
                django_version=django.get_version(),
                database=database,
                media=media,
                recipient=site.keys.recipient,
            )
            lock.check()  # without it a prune may have begun meanwhile
        # Outside of the block: when no answer comes, the record may be there, or come
        # later. What it names must then be there; if it never comes, a sweep finds it.
        _commit(store, address.folder + RECORD, data=record.to_json())
    return Backup(address, record, keys=site.keys)


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
        store, name, stored=stored, sent=ObjectChecksums(len(data), "", crc32c_of(data))
    )


def _delete_check(store: Store, name: str) -> str:
    """Why the bucket keeps the object for now; "" where it is gone."""
    try:
        store.delete(name)
    except ObjectRetained as error:
        return str(error)
    return ""


def prove_store(store: Store, *, shelf: BackupNamespace) -> list[str]:
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
        retained = _delete_check(store, name)
    if retained:
        done.append(
            f"It cannot be deleted yet: {retained} So nobody deletes a backup before, "
            "by mistake or by intent. The nightly prune removes later what may go."
        )
        return done
    done.append("Deleted it.")
    for _ in store.list(name):
        raise ObjectMissing(f"{store.url}/{name} is still there after its deletion.")
    return done
