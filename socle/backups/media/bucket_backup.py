"""Uploaded files that live in a bucket: copied by the store, not through us."""

from collections.abc import Iterator, Mapping
from contextlib import suppress

from socle.backups.exceptions import ObjectExists, ObjectMissing
from socle.backups.format.backup_metadata import Skipped
from socle.backups.format.blobs import open_whole, pass_on
from socle.backups.format.checksums import upload
from socle.backups.format.encryption import Keys
from socle.backups.format.media_manifest import CRC32C, MD5, MediaFile
from socle.backups.format.namespace import BackupNamespace
from socle.backups.gc.gc_candidates import Condemned, renew
from socle.backups.media.folder_backup import StoredFile
from socle.backups.stores import Store, StoredObject
from socle.backups.threads import THREADS, OneAtATime, map_in_threads

MODE = 0o644  # of a restored file; a bucket knows none


def as_file(found: StoredObject) -> MediaFile:
    """The manifest's line for an object of the media bucket."""
    moment = found.stored_at.timestamp() if found.stored_at else 0
    return MediaFile(
        path=found.name,
        size_bytes=found.size_bytes,
        mtime_ns=int(moment * 1_000_000) * 1_000,
        mode=MODE,
        checksum=_checksum_of(found),
    )


def _checksum_of(found: StoredObject) -> str:
    if found.crc32c:
        return f"{CRC32C}:{found.crc32c}"
    return f"{MD5}:{found.md5}" if found.md5 else f"generation:{found.generation}"


class BucketKeeper:
    """
    Copies the objects that the backups do not have yet from the media bucket to them.

    known, condemned: as for a MediaKeeper.
    """

    def __init__(
        self,
        store: Store,
        *,
        media: Store,
        shelf: BackupNamespace,
        known: set[bytes],
        condemned: Mapping[str, Condemned],
        keys: Keys,
    ):
        self._store = store
        self._media = media
        self._shelf = shelf
        self._known = known
        self._condemned = condemned
        self._keys = keys
        self._sending = OneAtATime()

    def keep_all(self) -> Iterator[StoredFile | Skipped]:
        return map_in_threads(
            self._keep, self._media.list(""), threads=THREADS, ready=self._kept_before
        )

    def _kept_before(self, found: StoredObject) -> StoredFile | None:
        file = as_file(found)
        blob = bytes.fromhex(self._keys.blob_name(file.content))
        return StoredFile(file) if blob in self._known else None

    def _keep(self, found: StoredObject) -> StoredFile | Skipped:
        file = as_file(found)
        blob = self._keys.blob_name(file.content)
        with self._sending.on(blob):
            if kept := self._kept_before(found):
                return kept  # an equal object in another thread was faster
            try:
                new_bytes = self._send(found, file=file, blob=blob)
            except ObjectMissing:
                return Skipped(found.name, "it was deleted during the backup", False)
        return StoredFile(file, new_bytes)

    def _send(self, found: StoredObject, *, file: MediaFile, blob: str) -> int | None:
        """Returns the bytes that are new in the store; None if it was there."""
        name = self._shelf.blob(blob)
        if name in self._condemned:
            renew(self._store, name, condemned=self._condemned[name])
        new_bytes = None
        with suppress(ObjectExists):
            new_bytes = self._copy(found, file=file, name=name)
        self._known.add(bytes.fromhex(blob))
        return new_bytes

    def _copy(self, found: StoredObject, *, file: MediaFile, name: str) -> int:
        """Returns its size as stored. Raises ObjectExists, ObjectMissing."""
        if not self._keys.identities and same_kind(self._store, self._media):
            copied = self._store.copy(name, source=self._media, source_name=found.name)
            return copied.size_bytes
        with (
            upload(self._store, name) as target,
            self._keys.encrypting(target) as sealed,
            open_whole(file, store=self._media, name=found.name) as content,
        ):
            pass_on(content, sealed)
        return target.fingerprint().size_bytes


def same_kind(one: Store, other: Store) -> bool:
    """Whether one store can copy from the other without us."""
    return type(one) is type(other)
