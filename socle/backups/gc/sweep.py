"""
Deletes what no backup names: contents of media, and what killed runs left behind.

A content goes in two passes, at least 48 hours apart by the store's clock: one sweep
writes it down, a later one deletes it if no backup named it in between and it is still
the very object that was seen.
"""

import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from socle.backups.exceptions import BackupError, PruneRefused, StoreRefused, TryAgain
from socle.backups.format.backup_folders import GRACE, Folder, delete_all, list_folders
from socle.backups.format.backup_metadata import Backup, read_backup
from socle.backups.format.encryption import Keys
from socle.backups.format.media_manifest import read_manifest
from socle.backups.format.namespace import RECORD, Address, BackupNamespace
from socle.backups.gc.gc_candidates import (
    Condemned,
    digest,
    is_content,
    read_condemned,
    write_condemned,
)
from socle.backups.progress import Progress
from socle.backups.runs.run_locks import Lock
from socle.backups.stores import Store, StoredObject
from socle.backups.threads import THREADS, map_in_threads

logger = logging.getLogger(__name__)

BATCH = 200


@dataclass(frozen=True)
class SweepResult:
    contents: int
    """Deleted ones, of media."""
    size_bytes: int
    """What that freed, with the leftovers."""
    leftovers: int
    """Objects of killed runs that were deleted."""
    waiting: int
    """Contents that no backup names and that a later sweep may delete."""


def sweep(
    shelf: BackupNamespace,
    *,
    store: Store,
    keys: Keys,
    lock: Lock,
    now: datetime,
    progress: Progress,
) -> SweepResult:
    """
    now: only for the name of the sweep's own record; ages are by the store's clock.

    Raises PruneRefused, and deletes nothing, when one record or manifest cannot be
    read: what it names is not known.
    """
    progress.say("Looking for what no backup names")
    folders = list_folders(store, shelf=shelf)
    named = _named(folders, shelf=shelf, store=store, keys=keys, progress=progress)
    condemned, records = read_condemned(store, shelf=shelf)
    unnamed = {
        found.name: found
        for found in store.list(shelf.blobs)
        if is_content(found) and digest(found.name) not in named
    }
    since = {name: _since(found, condemned) for name, found in unnamed.items()}
    lock.check()
    store_now = write_condemned(
        store,
        {name: (unnamed[name].generation, since[name]) for name in unnamed},
        shelf=shelf,
        now=now,
    )
    due = [
        found
        for name, found in unnamed.items()
        if _is_over(since[name], now=store_now)  # so it is older itself
    ]
    leftovers = [*_leftovers(folders, shelf=shelf, store=store, now=store_now)]
    gone = _delete(due, store=store, lock=lock)
    gone_leftovers = _delete(leftovers, store=store, lock=lock)
    _delete(records, store=store, lock=lock)
    _tidy(shelf, store=store, before=store_now - GRACE)
    return SweepResult(
        contents=len(gone),
        size_bytes=sum(found.size_bytes for found in gone + gone_leftovers),
        leftovers=len(gone_leftovers),
        waiting=len(unnamed) - len(gone),
    )


def _named(
    folders: list[Folder],
    *,
    shelf: BackupNamespace,
    store: Store,
    keys: Keys,
    progress: Progress,
) -> set[bytes]:
    """The digests in the names of all contents that any backup has."""
    named: set[bytes] = set()
    for folder in folders:
        if not folder.is_complete:
            continue
        address = Address(store.url, shelf, folder.id)
        try:
            backup = read_backup(store, address, keys=keys)
            for name in _contents_of(backup, store=store):
                named.add(digest(name))
                progress.moved("Reading manifests", size_bytes=0, files=len(named))
        except TryAgain:
            raise
        except BackupError as error:
            raise PruneRefused(
                f"Nothing was swept, because what {address.url} names cannot be read: "
                f"{error}"
            ) from error
    return named


def _contents_of(backup: Backup, *, store: Store) -> Iterator[str]:
    """The names, as stored, of what `backup` cannot be restored without."""
    keys = backup.opening_keys
    for file in read_manifest(backup, store=store):
        if file.content:
            yield keys.blob_name(file.content)


def _since(found: StoredObject, condemned: dict[str, Condemned]) -> datetime | None:
    """Since when this very object is named by nothing; None: since this sweep."""
    before = condemned.get(found.name)
    if before is None or before.generation != found.generation:
        return None
    # Stores that name a generation by the content: an object that was sent again.
    if found.stored_at is None or found.stored_at > before.since:
        return None
    return before.since


def _is_over(since: datetime | None, *, now: datetime) -> bool:
    return since is not None and now - since >= GRACE


def _is_old(found: StoredObject, *, now: datetime) -> bool:
    return _is_over(found.stored_at, now=now)


def _leftovers(
    folders: list[Folder], *, shelf: BackupNamespace, store: Store, now: datetime
) -> Iterator[StoredObject]:
    """Of killed runs: folders without a record, marks of readers, checks of a store."""
    for folder in folders:
        if folder.is_complete:
            yield from (one for one in folder.holds if _is_old(one, now=now))
        elif (
            folder.moment
            and all(_is_old(one, now=now) for one in folder.objects)
            # The listing is some minutes old; only what is no backup now may go.
            and store.find(f"{shelf.folder(folder.id)}{RECORD}") is None
        ):
            yield from folder.objects
    for found in store.list(f"{shelf.project}/{shelf.environment}/check-"):
        if _is_old(found, now=now):
            yield found


def _tidy(shelf: BackupNamespace, *, store: Store, before: datetime) -> None:
    try:
        store.tidy(f"{shelf.project}/{shelf.environment}/", before=before)
    except StoreRefused as error:  # a right of its own, which little depends on
        logger.warning("What killed uploads left stays in the store: %s", error)


def _delete(
    objects: Iterable[StoredObject], *, store: Store, lock: Lock
) -> list[StoredObject]:
    """Those that are gone; what the bucket keeps for now waits for another sweep."""
    waiting, gone = iter(objects), []
    while batch := list(islice(waiting, BATCH)):
        lock.check()
        results = map_in_threads(
            lambda found: delete_all(store, [found]), batch, threads=THREADS
        )
        gone += [
            found for found, is_gone in zip(batch, results, strict=True) if is_gone
        ]
    return gone
