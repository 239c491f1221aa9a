"""Streams that count and hash what passes, and proven transfers made of them."""

import base64
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

import google_crc32c

from socle.backups.exceptions import ObjectDamaged, ObjectRetained
from socle.backups.stores.interface import Reader, Store, StoredObject, Writer
from socle.backups.stores.stored_checksums import crc32c_of

__all__ = [
    "ObjectChecksums",
    "HashingReader",
    "HashingWriter",
    "agrees",
    "check_stored",
    "crc32c_of",
    "download",
    "upload",
]


@dataclass(frozen=True)
class ObjectChecksums:
    """What a stored object must be."""

    size_bytes: int
    sha256: str
    crc32c: str


class HashingWriter:
    """Passes everything on to `target` and remembers its fingerprint."""

    def __init__(self, target: Writer):
        self._target = target
        self._size_bytes = 0
        self._sha256 = hashlib.sha256()
        self._crc32c = google_crc32c.Checksum()

    def write(self, data: bytes) -> int:
        self._target.write(data)
        self._size_bytes += len(data)
        self._sha256.update(data)
        self._crc32c.update(bytes(data))
        return len(data)

    def fingerprint(self) -> ObjectChecksums:
        crc32c = base64.b64encode(self._crc32c.digest()).decode()
        return ObjectChecksums(self._size_bytes, self._sha256.hexdigest(), crc32c)


class HashingReader:
    """Passes on what `source` gives and remembers its size and sha256."""

    def __init__(self, source: Reader):
        self._source = source
        self._sha256 = hashlib.sha256()
        self.size_bytes = 0

    def read(self, size: int = -1) -> bytes:
        data = self._source.read(size)
        self._sha256.update(data)
        self.size_bytes += len(data)
        return data

    def prove(self, name: str, *, size_bytes: int, sha256: str) -> None:
        """Read what is left; raises ObjectDamaged unless it was the expected bytes."""
        while self.read(1 << 20):
            pass
        if (self.size_bytes, self._sha256.hexdigest()) != (size_bytes, sha256):
            raise ObjectDamaged(
                f"{name} is damaged: {self.size_bytes:,} bytes with sha256 "
                f"{self._sha256.hexdigest()}, expected {size_bytes:,} bytes with "
                f"{sha256}. Restore another backup: ./google_storage.sh -l"
            )


@contextmanager
def upload(store: Store, name: str) -> Iterator[HashingWriter]:
    """
    A stream into `store` that is compared with what the store reports afterwards.

    Raises ObjectDamaged when the two differ; the object is then taken away again.
    """
    with store.create(name) as target:
        writer = HashingWriter(target)
        yield writer
    check_stored(store, name, stored=store.find(name), sent=writer.fingerprint())


@contextmanager
def download(
    store: Store, name: str, *, sha256: str, size_bytes: int
) -> Iterator[HashingReader]:
    """A stream out of `store`; raises ObjectDamaged at the end if it is another's."""
    with store.open(name) as source:
        reader = HashingReader(source)
        yield reader
        reader.prove(name, size_bytes=size_bytes, sha256=sha256)


def agrees(stored: StoredObject, *, size_bytes: int, crc32c: str) -> bool:
    """
    Whether the store's own word on an object fits. A store without crc32c has compared
    its own kind of checksum while it was sent; later only the bytes can tell.
    """
    return stored.size_bytes == size_bytes and stored.crc32c in ("", crc32c)


def check_stored(
    store: Store, name: str, *, stored: StoredObject | None, sent: ObjectChecksums
) -> None:
    """Raises ObjectDamaged for another object than was sent, and takes it away."""
    if stored is None:
        raise ObjectDamaged(f"{store.url}/{name} was sent and is not there.")
    if not agrees(stored, size_bytes=sent.size_bytes, crc32c=sent.crc32c):
        with suppress(ObjectRetained):
            store.delete(name)
        raise ObjectDamaged(
            f"{store.url}/{name} was sent as {sent.size_bytes:,} bytes (crc32c "
            f"{sent.crc32c}) and arrived as {stored.size_bytes:,} bytes (crc32c "
            f"{stored.crc32c}). Run it again: ./google_storage.sh -b"
        )
