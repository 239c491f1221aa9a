"""Find the backups in a store."""

from dataclasses import dataclass, field

from socle.backups.exceptions import NotABackup
from socle.backups.format.backup_metadata import Backup, read_backup
from socle.backups.format.encryption import Keys
from socle.backups.format.namespace import RECORD, Address, BackupNamespace
from socle.backups.stores import Store
from socle.backups.threads import THREADS, map_in_threads


@dataclass(frozen=True)
class Listing:
    """
    Complete backups, newest first, and a sentence about each unreadable one.

    incomplete: the URLs of folders without a record: under way, or left by a run that
    was killed.
    """

    backups: list[Backup]
    unreadable: list[str]
    incomplete: list[str] = field(default_factory=list)


def complete_ids(store: Store, *, shelf: BackupNamespace) -> list[str]:
    """The folders that have a record, newest first: without one it is no backup."""
    return _ids(store, shelf=shelf)[0]


def _ids(store: Store, *, shelf: BackupNamespace) -> tuple[list[str], list[str]]:
    """Those of folders with a record and of those without, newest first."""
    complete, every = set(), set()
    for found in store.list(shelf.backups):
        id_, _, part = found.name.removeprefix(shelf.backups).partition("/")
        every.add(id_)
        if part == RECORD:
            complete.add(id_)
    return sorted(complete, reverse=True), sorted(every - complete, reverse=True)


def list_backups(
    store: Store, *, shelf: BackupNamespace, keys: Keys | None = None
) -> Listing:
    """
    keys: with which their parts can be opened later; the listing needs none.
    """
    store.prepare()
    ids, incomplete = _ids(store, shelf=shelf)

    def read(backup_id: str) -> Backup | str:
        try:
            return read_backup(store, Address(store.url, shelf, backup_id), keys=keys)
        except NotABackup as error:
            return str(error)

    found = list(map_in_threads(read, ids, threads=THREADS))
    return Listing(
        backups=[one for one in found if isinstance(one, Backup)],
        unreadable=[one for one in found if isinstance(one, str)],
        incomplete=[Address(store.url, shelf, id_).url for id_ in incomplete],
    )


def newest_backup(
    store: Store, *, shelf: BackupNamespace, keys: Keys | None = None
) -> Backup:
    """Raises NotABackup when there is none."""
    backups = list_backups(store, shelf=shelf, keys=keys).backups
    if not backups:
        raise NotABackup(
            f"{store.url}/{shelf.backups} holds no complete backup yet. Make one: "
            "./google_storage.sh -b"
        )
    return backups[0]
