"""The folders of a shelf's backups, as the store lists them and as they go."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import uuid4

from socle.backups.exceptions import (
    BackupError,
    ObjectExists,
    ObjectMissing,
    ObjectRetained,
    PruneRefused,
    StoreRefused,
)
from socle.backups.format.namespace import (
    PROOF,
    RECORD,
    Address,
    BackupNamespace,
    moment_of,
)
from socle.backups.stores import Store, StoredObject

# Nothing younger is swept: longer than any backup or restore takes.
GRACE = timedelta(hours=48)
_HOLD = "reading-"


@dataclass
class Folder:
    """What lies in the folder of one backup, complete or not."""

    id: str
    objects: list[StoredObject] = field(default_factory=list)

    @property
    def moment(self) -> datetime | None:
        """When it was taken, by its name; None for a folder that was named by hand."""
        try:
            return moment_of(self.id)
        except ValueError:
            return None

    @property
    def is_complete(self) -> bool:
        return any(
            found.name.endswith(f"/{self.id}/{RECORD}") for found in self.objects
        )

    @property
    def holds(self) -> list[StoredObject]:
        return [
            found
            for found in self.objects
            if found.name.rpartition("/")[2].startswith(_HOLD)
        ]

    @property
    def size_bytes(self) -> int:
        return sum(found.size_bytes for found in self.objects)

    def in_order_of_deletion(self) -> list[StoredObject]:
        """The record first: from then on it is no backup, however this goes on."""
        order = {RECORD: 0, PROOF: 1}
        return sorted(
            self.objects, key=lambda found: order.get(found.name.rpartition("/")[2], 2)
        )


def list_folders(store: Store, *, shelf: BackupNamespace) -> list[Folder]:
    """Newest first."""
    folders: dict[str, Folder] = {}
    for found in store.list(shelf.backups):
        id, slash, _ = found.name.removeprefix(shelf.backups).partition("/")
        if slash:
            folders.setdefault(id, Folder(id)).objects.append(found)
    return sorted(folders.values(), key=lambda folder: folder.id, reverse=True)


@contextmanager
def held(store: Store, address: Address) -> Iterator[None]:
    """
    No prune removes the backup during the block, also not one that runs elsewhere: the
    lock of a database says nothing to an environment that has another database.

    It is an object in the backup's folder, which counts for 48 hours if we are killed.
    A store that we may only read gets none: then a restore that loses its backup fails
    before anything live is touched.
    """
    name = f"{address.folder}{_HOLD}{uuid4()}"
    with suppress(BackupError):
        store.put(name, b"")
    try:
        yield
    finally:
        with suppress(BackupError):
            store.delete(name)


def delete_all(store: Store, objects: Iterable[StoredObject]) -> bool:
    """
    In the given order. One that is gone, or was replaced since it was seen, is passed.

    False where the bucket keeps one for now, by a retention policy or a hold: it and
    what comes after it stay, and the next prune asks again.

    Raises PruneRefused at the first that the store does not give up.
    """
    for found in objects:
        try:
            store.delete(found.name, generation=found.generation)
        except (ObjectMissing, ObjectExists):
            continue
        except ObjectRetained:
            return False
        except StoreRefused as error:
            raise PruneRefused(
                f"{store.url}/{found.name} could not be deleted: {error} May this "
                "account only create? Let it delete objects too. What was not deleted "
                "is whole; to try again, run: ./google_storage.sh -p"
            ) from error
    return True
