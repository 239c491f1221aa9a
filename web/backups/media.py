"""The uploaded files on their way into a store: each distinct content once."""

import hashlib
import json
import os
import stat
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from io import BufferedReader
from pathlib import Path

from backups.addresses import Shelf
from backups.checksums import Fingerprint, check_stored, crc32c_of, upload
from backups.exceptions import MediaUnreadable, ObjectExists
from backups.record import Skipped
from backups.stores import Store
from backups.threads import THREADS, map_in_threads

WHOLE_BYTES = 4 * 1024 * 1024  # up to here a file is sent from memory, read once
PIECE_BYTES = 1 << 20
ATTEMPTS = 3  # for a file that changes while it is read


@dataclass(frozen=True)
class MediaFile:
    """
    One line of the manifest. `path` is relative to the media folder, with slashes;
    bytes that are not UTF-8 are surrogates, as Python has them.

    A symbolic link has `link` (where it points) and no content.
    """

    path: str
    size_bytes: int
    mtime_ns: int
    mode: int
    sha256: str = ""
    link: str = ""

    def to_line(self) -> bytes:
        return json.dumps(asdict(self)).encode() + b"\n"

    @classmethod
    def from_line(cls, line: bytes) -> "MediaFile":
        return cls(**json.loads(line))


@dataclass(frozen=True)
class Kept:
    """A file that is now in the store; `new_bytes` is None if it was there before."""

    file: MediaFile
    new_bytes: int | None = None


class FileChanged(Exception):
    """The file was written to while it was read."""


def walk(root: Path, *, folder: str = "") -> Iterator[os.DirEntry[str]]:
    """Every entry below `root` that is not a folder, in the order of the names."""
    try:
        with os.scandir(root / folder) as scan:
            entries = sorted(scan, key=lambda entry: entry.name)
    except FileNotFoundError:
        if folder:
            return  # deleted since its parent was listed
        raise MediaUnreadable(
            f"The media folder {root} is not there. Mount or make it, or correct "
            "MEDIA_ROOT in .env, then run: ./google_storage.sh -b"
        ) from None
    except OSError as error:
        raise MediaUnreadable(
            f"The media folder cannot be read: {error}. Give uid {os.getuid()} access "
            "to it, then run: ./google_storage.sh -b"
        ) from error
    for entry in entries:
        if entry.is_dir(follow_symlinks=False):
            yield from walk(root, folder=f"{folder}{entry.name}/")
        else:
            yield entry


class MediaKeeper:
    """
    Puts the contents that the store does not have yet into it.

    known: the sha256 of everything that is in the store; grows with what is sent.
    """

    def __init__(self, store: Store, *, shelf: Shelf, root: Path, known: set[str]):
        self._store = store
        self._shelf = shelf
        self._root = root
        self._known = known

    def keep_all(self) -> Iterator[Kept | Skipped]:
        """In the order of the walk; bounded memory however many files there are."""
        return map_in_threads(self.keep, walk(self._root), threads=THREADS)

    def keep(self, entry: os.DirEntry[str]) -> Kept | Skipped:
        path = Path(entry.path).relative_to(self._root).as_posix()
        try:
            return self._keep(path)
        except FileNotFoundError:
            return Skipped(path, "it was deleted during the backup", False)
        except PermissionError as error:
            return Skipped(path, f"it cannot be read: {error.strerror}", True)
        except FileChanged:
            return Skipped(path, "it kept changing while it was read", True)

    def _keep(self, path: str) -> Kept | Skipped:
        found = (self._root / path).lstat()
        mode = stat.S_IMODE(found.st_mode)
        if stat.S_ISLNK(found.st_mode):
            link = str((self._root / path).readlink())
            return Kept(MediaFile(path, 0, found.st_mtime_ns, mode, link=link))
        if not stat.S_ISREG(found.st_mode):
            return Skipped(path, "it is neither a file nor a link", True)
        for attempt in range(ATTEMPTS):
            try:
                return self._keep_content(path)
            except FileChanged:
                if attempt == ATTEMPTS - 1:
                    raise
        raise AssertionError("unreachable")

    def _keep_content(self, path: str) -> Kept:
        with (self._root / path).open("rb") as content:
            found = os.fstat(content.fileno())
            mode = stat.S_IMODE(found.st_mode)
            file = MediaFile(path, found.st_size, found.st_mtime_ns, mode)
            if found.st_size <= WHOLE_BYTES:
                return self._keep_whole(file, content)
            return self._keep_stream(file, content)

    def _keep_whole(self, file: MediaFile, content: BufferedReader) -> Kept:
        """What was hashed is what is sent: the same bytes, in memory."""
        data = content.read(WHOLE_BYTES + 1)
        _check_unchanged(file, content, size_bytes=len(data))
        file = replace(file, sha256=hashlib.sha256(data).hexdigest())
        if file.sha256 in self._known:
            return Kept(file)
        name = self._shelf.blob(file.sha256)
        try:
            stored = self._store.put(name, data)
        except ObjectExists:
            return self._kept(file)  # an equal file in another thread was faster
        sent = Fingerprint(len(data), file.sha256, crc32c_of(data))
        check_stored(self._store, name, stored=stored, sent=sent)
        return self._kept(file, new_bytes=len(data))

    def _keep_stream(self, file: MediaFile, content: BufferedReader) -> Kept:
        """A large file is read twice; the second time must give the same bytes."""
        sha256 = hashlib.file_digest(content, "sha256").hexdigest()
        _check_unchanged(file, content, size_bytes=content.tell())
        file = replace(file, sha256=sha256)
        if sha256 in self._known:
            return Kept(file)
        content.seek(0)
        try:
            with upload(self._store, self._shelf.blob(sha256)) as target:
                while piece := content.read(PIECE_BYTES):
                    target.write(piece)
                if target.fingerprint().sha256 != sha256:
                    raise FileChanged(file.path)
        except ObjectExists:
            return self._kept(file)
        return self._kept(file, new_bytes=file.size_bytes)

    def _kept(self, file: MediaFile, *, new_bytes: int | None = None) -> Kept:
        # Known only now: had it been so before, and the sending failed, an equal
        # file would point at nothing.
        self._known.add(file.sha256)
        return Kept(file, new_bytes)


def _check_unchanged(
    file: MediaFile, content: BufferedReader, *, size_bytes: int
) -> None:
    found = os.fstat(content.fileno())
    if (size_bytes, found.st_mtime_ns) != (file.size_bytes, file.mtime_ns):
        raise FileChanged(file.path)
