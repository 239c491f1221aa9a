"""A folder as a store: for tests, a mounted disk, or a machine without a bucket."""

import base64
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime
from io import RawIOBase
from pathlib import Path
from typing import BinaryIO
from uuid import uuid4

import google_crc32c

from socle.backups.exceptions import ObjectExists, ObjectMissing, StoreRefused
from socle.backups.stores.interface import Store, StoredObject, Writer
from socle.backups.stores.stored_checksums import crc32c_of

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
            return replace(self._stored(path), crc32c=_crc32c(path))

    def list(self, prefix: str) -> Iterator[StoredObject]:
        base = self._folder / prefix.rpartition("/")[0]
        skipped = len(os.path.join(self._folder, ""))  # noqa: PTH118  for "/" as well
        with self.explained():
            for entry in _files_below(base):
                name = entry.path[skipped:]
                if name.startswith(prefix) and not entry.name.startswith(_PART):
                    try:
                        found = entry.stat()
                    except FileNotFoundError:  # deleted in the meantime
                        continue
                    yield _described(name, found)

    def put(self, name: str, data: bytes) -> StoredObject:
        with self.create(name) as target:
            target.write(data)
        return replace(self._stored(self._folder / name), crc32c=crc32c_of(data))

    def copy(self, name: str, *, source: Store, source_name: str) -> StoredObject:
        """No hard link: damage to the one file must not reach the other."""
        if not isinstance(source, FolderStore):
            raise StoreRefused(f"{source.url} is no folder, as {self.url} is.")
        with source.open(source_name) as before, self.create(name) as target:
            shutil.copyfileobj(before, target, 1 << 20)
        return self._stored(self._folder / name)

    def _stored(self, path: Path) -> StoredObject:
        return _described(path.relative_to(self._folder).as_posix(), path.stat())

    @contextmanager
    def create(self, name: str) -> Iterator[Writer]:
        path = self._folder / name
        if path.exists():
            raise ObjectExists(f"{path} exists already.")
        with self.explained():
            path.parent.mkdir(parents=True, exist_ok=True)
            part = path.with_name(f"{_PART}{uuid4()}")
            file = part.open("xb", buffering=0)  # nothing is left for close() to fail
        try:
            with file:
                yield _Part(self, file)
                with self.explained():
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
        _sync_folder(path.parent)

    def read(self, name: str) -> bytes:
        with self.open(name) as source:
            return source.read()

    @contextmanager
    def open(self, name: str) -> Iterator[BinaryIO]:
        with self.explained():
            source = (self._folder / name).open("rb")
        with source:
            yield source

    def delete(self, name: str, *, generation: str = "") -> None:
        path = self._folder / name
        with self.explained():
            if generation and self._stored(path).generation != generation:
                raise ObjectExists(f"{path} is a newer file than the one meant.")
            path.unlink()

    def tidy(self, prefix: str, *, before: datetime) -> int:
        removed = 0
        with self.explained():
            for entry in _files_below(self._folder / prefix):
                with suppress(FileNotFoundError):
                    is_old = entry.stat().st_mtime < before.timestamp()
                    if entry.name.startswith(_PART) and is_old:
                        Path(entry).unlink()
                        removed += 1
        return removed

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

    def __init__(self, store: FolderStore, file: RawIOBase):
        self._store = store
        self._file = file

    def write(self, data: bytes) -> int:
        with self._store.explained():
            rest = memoryview(data)
            while rest:
                rest = rest[self._file.write(rest) :]
        return len(data)


def _crc32c(path: Path) -> str:
    checksum = google_crc32c.Checksum()
    with path.open("rb") as source:
        while piece := source.read(1 << 20):
            checksum.update(piece)
    return base64.b64encode(checksum.digest()).decode()


def _described(name: str, found: os.stat_result) -> StoredObject:
    return StoredObject(
        name,
        found.st_size,
        stored_at=datetime.fromtimestamp(found.st_mtime, UTC),
        generation=f"{found.st_ino}-{found.st_mtime_ns}",
    )


def _files_below(folder: Path) -> Iterator[os.DirEntry[str]]:
    """A folder that cannot be read is an error; one that is gone is empty."""
    folders = [str(folder)]
    while folders:
        with suppress(FileNotFoundError), os.scandir(folders.pop()) as scan:
            for entry in scan:
                if entry.is_dir(follow_symlinks=False):
                    folders.append(entry.path)
                else:
                    yield entry


def _sync_folder(folder: Path) -> None:
    """The new name is on the disk as well, not only the bytes."""
    number = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(number)
    finally:
        os.close(number)
