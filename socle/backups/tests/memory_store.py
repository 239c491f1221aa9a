"""A store in memory with a clock of its own, and shelves filled with small backups."""

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from socle.backups.exceptions import ObjectExists, ObjectMissing
from socle.backups.format.backup_metadata import (
    FORMAT,
    BackupMetadata,
    DatabasePart,
    DrillProof,
    MediaPart,
    StoredPart,
)
from socle.backups.format.checksums import crc32c_of, upload
from socle.backups.format.compression import CompressingWriter
from socle.backups.format.media_manifest import MediaFile
from socle.backups.format.namespace import (
    DUMP,
    MEDIA,
    PROOF,
    RECORD,
    Address,
    BackupNamespace,
    backup_id,
)
from socle.backups.stores import StoredObject

SHELF = BackupNamespace("socle", "local")
BEGINNING = datetime(2026, 11, 21, 3, tzinfo=UTC)


class MemoryStore:
    """
    Keeps the promises of the interface. Each method calls `before` with its own name
    and the object's first, which may raise or do something else meanwhile.
    """

    url = "memory://store"

    def __init__(self) -> None:
        self.now = BEGINNING
        self.before: Callable[[str, str], None] = lambda method, name: None
        self.objects: dict[str, tuple[bytes, StoredObject]] = {}
        self.tidied: list[tuple[str, datetime]] = []
        self._generation = 0

    def tick(self, **time: float) -> None:
        self.now += timedelta(**time)

    def prepare(self) -> str:
        return "It is there."

    def find(self, name: str) -> StoredObject | None:
        self.before("find", name)
        return self.objects[name][1] if name in self.objects else None

    def list(self, prefix: str) -> Iterator[StoredObject]:
        self.before("list", prefix)
        names = [name for name in self.objects if name.startswith(prefix)]
        return iter([self.objects[name][1] for name in names])

    def put(self, name: str, data: bytes) -> StoredObject:
        self.before("put", name)
        return self._keep(name, data)

    @contextmanager
    def create(self, name: str) -> Iterator[io.BytesIO]:
        target = io.BytesIO()
        yield target
        self.before("create", name)
        self._keep(name, target.getvalue())

    def read(self, name: str) -> bytes:
        self.before("read", name)
        if name not in self.objects:
            raise ObjectMissing(f"{name} is not there.")
        return self.objects[name][0]

    @contextmanager
    def open(self, name: str) -> Iterator[io.BytesIO]:
        yield io.BytesIO(self.read(name))

    def delete(self, name: str, *, generation: str = "") -> None:
        self.before("delete", name)
        if name not in self.objects:
            raise ObjectMissing(f"{name} is not there.")
        if generation and self.objects[name][1].generation != generation:
            raise ObjectExists(f"{name} is another one by now.")
        del self.objects[name]

    def tidy(self, prefix: str, *, before: datetime) -> int:
        self.tidied.append((prefix, before))
        return 0

    def _keep(self, name: str, data: bytes) -> StoredObject:
        if name in self.objects:
            raise ObjectExists(f"{name} exists already.")
        self._generation += 1
        stored = StoredObject(
            name,
            len(data),
            crc32c=crc32c_of(data),
            stored_at=self.now,
            generation=str(self._generation),
        )
        self.objects[name] = (data, stored)
        return stored


class AnyLock:
    """A lock that somebody holds, until `is_lost`."""

    def __init__(self) -> None:
        self.checks = 0
        self.fails_at = 0

    def check(self) -> None:
        self.checks += 1
        if self.checks == self.fails_at:
            raise ConnectionError("The lock is lost.")


def put_backup(store, *, taken, sha256s=(), proven=False) -> Address:
    """A complete backup whose manifest names `sha256s`; their contents are not put."""
    address = Address(store.url, SHELF, backup_id(taken))
    store.put(address.folder + DUMP, b"dump" * 100)
    with upload(store, address.folder + MEDIA) as target:
        compressed = CompressingWriter(target)
        for number, sha256 in enumerate(sha256s):
            compressed.write(MediaFile(f"{number}", 1, 0, 0o644, sha256).to_line())
        compressed.write(MediaFile("link", 0, 0, 0o777, link="0").to_line())
        compressed.finish()
    manifest = target.fingerprint()
    part = StoredPart(MEDIA, manifest.size_bytes, manifest.sha256, manifest.crc32c)
    commit(store, address, media=MediaPart(part, len(sha256s), 0, 0, 0))
    if proven:
        store.put(address.folder + PROOF, DrillProof(taken, 1.0, 1, 1, 1, 1).to_json())
    return address


def commit(store, address: Address, *, media: MediaPart) -> None:
    dump = StoredPart(DUMP, 400, "0" * 64, "AAAAAA==")
    record = BackupMetadata(
        format=FORMAT,
        project="socle",
        environment="local",
        created_at=BEGINNING,
        duration_seconds=1.0,
        django_version="5.2",
        database=DatabasePart("socle", "17.6", "17.6", dump, 1, {}, {}),
        media=media,
    )
    store.put(address.folder + RECORD, record.to_json())
