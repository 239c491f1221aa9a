"""A folder as a store: for tests, a mounted disk, or a machine without a bucket."""

import base64
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, BinaryIO
from uuid import uuid4

import google_crc32c

from backups.exceptions import ObjectExists, ObjectMissing, StoreRefused
from backups.stores.interface import StoredObject, Writer

_PART = ".part-"  # a file being written; no object's name starts so


class FolderStore:
    """Every object is a file; it gets its name when it is whole and on the disk."""

    def __init__(self, folder: Path):
        self._folder = folder

    @property
    def url(self) -> str:
        return self._folder.as_uri()

    def prepare(self) -> str:
        with self.explained():
            self._folder.mkdir(parents=True, exist_ok=True)
        return f"The folder {self._folder} is there."

    def find(self, name: str) -> StoredObject | None:
        path = self._folder / name
        with self.explained():
            if not path.is_file():
                return None
            return StoredObject(name, path.stat().st_size, _crc32c(path))

    def list(self, prefix: str) -> Iterator[StoredObject]:
        with self.explained():
            base = self._folder / prefix.rpartition("/")[0]
            for folder, _, files in os.walk(base):
                for file in files:
                    path = Path(folder, file)
                    name = path.relative_to(self._folder).as_posix()
                    if name.startswith(prefix) and not file.startswith(_PART):
                        yield StoredObject(name, path.stat().st_size)

    def put(self, name: str, data: bytes) -> StoredObject:
        with self.create(name) as target:
            target.write(data)
        crc32c = base64.b64encode(google_crc32c.Checksum(data).digest()).decode()
        return StoredObject(name, len(data), crc32c)

    @contextmanager
    def create(self, name: str) -> Iterator[Writer]:
        path = self._folder / name
        if path.exists():
            raise ObjectExists(f"{path} exists already.")
        with self.explained():
            path.parent.mkdir(parents=True, exist_ok=True)
            part = path.with_name(f"{_PART}{uuid4()}")
            file = part.open("xb")
        try:
            with file:
                yield _Part(self, file)
                with self.explained():
                    file.flush()
                    os.fsync(file.fileno())
            self._publish(part, path)
        finally:
            part.unlink(missing_ok=True)

    def _publish(self, part: Path, path: Path) -> None:
        """A hard link, because it never replaces what is there."""
        try:
            os.link(part, path)
        except FileExistsError as error:
            raise ObjectExists(f"{path} exists already.") from error

    def read(self, name: str) -> bytes:
        with self.open(name) as source:
            return source.read()

    @contextmanager
    def open(self, name: str) -> Iterator[BinaryIO]:
        with self.explained():
            source = (self._folder / name).open("rb")
        with source:
            yield source

    def delete(self, name: str) -> None:
        with self.explained():
            (self._folder / name).unlink()

    @contextmanager
    def explained(self) -> Iterator[None]:
        try:
            yield
        except FileNotFoundError as error:
            raise ObjectMissing(f"{error.filename} is not there.") from error
        except OSError as error:
            raise StoreRefused(
                f"The folder {self._folder} cannot be used: {error}. Correct it, then "
                "run: ./google_storage.sh -a"
            ) from error


class _Part:
    """A file that has no name of its own yet; a full disk gets its message here."""

    def __init__(self, store: FolderStore, file: IO[bytes]):
        self._store = store
        self._file = file

    def write(self, data: bytes) -> int:
        with self._store.explained():
            return self._file.write(data)


def _crc32c(path: Path) -> str:
    checksum = google_crc32c.Checksum()
    with path.open("rb") as source:
        while piece := source.read(1 << 20):
            checksum.update(piece)
    return base64.b64encode(checksum.digest()).decode()
