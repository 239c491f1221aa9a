"""media.jsonl.zst: one line a file, in the order of the walk."""

import hashlib
import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO

import zstandard

from socle.backups.exceptions import ObjectDamaged
from socle.backups.format.backup_metadata import Backup, StoredPart
from socle.backups.format.checksums import download
from socle.backups.format.namespace import MEDIA
from socle.backups.stores import Reader, Store

PIECE_BYTES = 1 << 20
IN_MEMORY_BYTES = 16 << 20
CRC32C = "crc32c"
MD5 = "md5"


@dataclass(frozen=True)
class MediaFile:
    """
    One line. `path` is relative to the media folder, with slashes; bytes that are not
    UTF-8 are surrogates, as Python has them.

    A symbolic link has `link` (where it points) and no content. A file of a folder has
    the sha256 of its bytes; one of a bucket, which nobody read, has the bucket's own
    word as `checksum`: "crc32c:…", "md5:…", or else "generation:…".
    """

    path: str
    size_bytes: int
    mtime_ns: int
    mode: int
    sha256: str = ""
    link: str = ""
    checksum: str = ""

    @property
    def content(self) -> str:
        """64 hexadecimal digits that name the content; empty for a link."""
        if self.sha256 or not self.checksum:
            return self.sha256
        named = f"{self.checksum} {self.size_bytes}"
        return hashlib.sha256(named.encode()).hexdigest()

    def to_line(self) -> bytes:
        return json.dumps(self.__dict__).encode() + b"\n"  # asdict is slow

    @classmethod
    def from_line(cls, line: bytes) -> "MediaFile":
        return cls(**json.loads(line))

    @property
    def place(self) -> list[str]:
        """Sorts files as the walk meets them: a folder's in the place of its name."""
        return self.path.split("/")


def check_inside(path: str) -> None:
    """A damaged or foreign manifest must not write anywhere but into the media."""
    if not path or path.startswith("/") or ".." in path.split("/"):
        raise outside(path)


def outside(path: str) -> ObjectDamaged:
    return ObjectDamaged(f"The manifest names a file outside media: {path!r}.")


@contextmanager
def open_part(backup: Backup, part: StoredPart, *, store: Store) -> Iterator[Reader]:
    """
    A part of the backup's folder as it was before it was encrypted.

    Raises KeyMissing; ObjectDamaged at the end if it is not what was stored.
    """
    name = backup.address.folder + part.name
    keys = backup.opening_keys
    with (
        download(store, name, sha256=part.sha256, size_bytes=part.size_bytes) as stored,
        keys.decrypting(stored, what=f"{store.url}/{name}") as plain,
    ):
        yield plain


def read_manifest(backup: Backup, *, store: Store) -> Iterator[MediaFile]:
    """Line by line; raises ObjectDamaged at the end if it was not the stored one."""
    with _damage_explained(backup):
        for line in _read_lines(backup, store=store):
            yield MediaFile.from_line(line)


def _read_lines(backup: Backup, *, store: Store) -> Iterator[bytes]:
    with open_part(backup, backup.record.media.manifest, store=store) as source:
        yield from _lines(source)


@contextmanager
def _damage_explained(backup: Backup) -> Iterator[None]:
    try:
        yield
    except (zstandard.ZstdError, ValueError, TypeError) as error:
        raise ObjectDamaged(
            f"{backup.url}/{MEDIA} is damaged: {error}. Restore another backup: "
            "./google_storage.sh -l"
        ) from error


def _lines(source: Reader) -> Iterator[bytes]:
    rest = b""
    with zstandard.ZstdDecompressor().stream_reader(source, closefd=False) as plain:  # type: ignore[arg-type]
        while piece := plain.read(PIECE_BYTES):
            *lines, rest = (rest + piece).split(b"\n")
            yield from lines


class Earlier:
    """
    The files of an earlier backup, asked for in the order of the walk.

    The manifest is copied first (in memory up to 16 MB, else to a temporary file): a
    download that stays open during a long backup would break.
    """

    def __init__(self, backup: Backup, *, store: Store):
        self._file: IO[bytes] = tempfile.SpooledTemporaryFile(IN_MEMORY_BYTES)  # noqa: SIM115
        try:
            with _damage_explained(backup):
                for line in _read_lines(backup, store=store):
                    self._file.write(line + b"\n")
                    MediaFile.from_line(line)
        except BaseException:
            self._file.close()
            raise
        self._file.seek(0)
        self._next = self._read()

    def find(self, path: str) -> MediaFile | None:
        """The file of that path; `path` must come after the one asked for before."""
        place = path.split("/")
        while self._next is not None and self._next.place < place:
            self._next = self._read()
        if self._next is not None and self._next.path == path:
            return self._next
        return None

    def close(self) -> None:
        self._file.close()

    def _read(self) -> MediaFile | None:
        line = self._file.readline()
        return MediaFile.from_line(line) if line else None
