"""The uploaded files on their way into a store: each distinct content once."""

import hashlib
import os
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from io import BufferedReader
from pathlib import Path

from socle.backups.exceptions import MediaUnreadable, ObjectExists
from socle.backups.format.backup_metadata import Skipped
from socle.backups.format.blobs import WHOLE_BYTES
from socle.backups.format.checksums import (
    ObjectChecksums,
    check_stored,
    crc32c_of,
    upload,
)
from socle.backups.format.encryption import Keys
from socle.backups.format.media_manifest import PIECE_BYTES, Earlier, MediaFile
from socle.backups.format.namespace import BackupNamespace
from socle.backups.gc.gc_candidates import Condemned, renew
from socle.backups.stores import Store
from socle.backups.threads import THREADS, Budget, OneAtATime, map_in_threads

# Of files under way, in all threads: a content is there as it was read and as the body
# of a request, and a stream collects pieces as large as the store likes them.
MEMORY_BYTES = 16 << 20
COPIES = 2
ATTEMPTS = 3  # for a file that changes while it is read
# A file written to so shortly before the earlier backup began may have been written to
# once more while that one ran, without a later mtime: clocks of disks are coarse.
SETTLED = timedelta(seconds=3)


@dataclass(frozen=True)
class StoredFile:
    """A file that is now in the store; `new_bytes` is None if it was there before."""

    file: MediaFile
    new_bytes: int | None = None


class FileChanged(Exception):
    """The file was written to while it was read."""


OF_THE_FILE_SYSTEM = "lost+found"  # root's alone, in every volume that is a disk


def walk(root: Path, *, folder: str = "") -> Iterator[os.DirEntry[str] | Skipped]:
    """
    Every entry below `root` that is not a folder, in the order of the names; a folder
    below it that may not be read, as one that is skipped.
    """
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
    except PermissionError as error:
        if folder:
            needs_a_person = folder.rstrip("/") != OF_THE_FILE_SYSTEM
            reason = f"the folder cannot be read: {error.strerror}"
            yield Skipped(folder, reason, needs_a_person)
            return
        raise _unreadable(error) from error
    except OSError as error:
        raise _unreadable(error) from error
    for entry in entries:
        if entry.is_dir(follow_symlinks=False):
            yield from walk(root, folder=f"{folder}{entry.name}/")
        else:
            yield entry


def _unreadable(error: OSError) -> MediaUnreadable:
    return MediaUnreadable(
        f"The media folder cannot be read: {error}. Give uid {os.getuid()} access "
        "to it, then run: ./google_storage.sh -b"
    )


class Unchanged:
    """Knows the files that an earlier backup has, by their path, size and mtime."""

    def __init__(self, earlier: Earlier, *, began: datetime):
        self._earlier = earlier
        self._settled_ns = int((began - SETTLED).timestamp()) * 1_000_000_000

    def find(self, path: str, found: os.stat_result) -> MediaFile | None:
        before = self._earlier.find(path)
        if before is None or not before.sha256 or not stat.S_ISREG(found.st_mode):
            return None
        same = (before.size_bytes, before.mtime_ns) == (
            found.st_size,
            found.st_mtime_ns,
        )
        if not same or found.st_mtime_ns >= self._settled_ns:
            return None
        mode = stat.S_IMODE(found.st_mode)
        return before if mode == before.mode else replace(before, mode=mode)


class MediaKeeper:
    """
    Puts the contents that the store does not have yet into it.

    known: the digests of the contents that stay in the store; grows with what is sent.
    condemned: those that a sweep may delete, by name: they are sent anew.
    unchanged: files that need not be read; None means that each one is.
    """

    def __init__(
        self,
        store: Store,
        *,
        shelf: BackupNamespace,
        root: Path,
        known: set[bytes],
        condemned: Mapping[str, Condemned],
        keys: Keys,
        unchanged: Unchanged | None = None,
    ):
        self._store = store
        self._shelf = shelf
        self._root = root
        self._skipped = len(os.path.join(root, ""))  # noqa: PTH118  of a path below it
        self._known = known
        self._condemned = condemned
        self._keys = keys
        self._unchanged = unchanged
        self._sending = OneAtATime()
        self._memory = Budget(MEMORY_BYTES)

    def keep_all(self) -> Iterator[StoredFile | Skipped]:
        """In the order of the walk; bounded memory however many files there are."""
        return map_in_threads(
            self.keep, walk(self._root), threads=THREADS, ready=self.keep_unread
        )

    def keep_unread(self, entry: os.DirEntry[str] | Skipped) -> StoredFile | None:
        """A file that is as it was, and whose content is in the store."""
        if self._unchanged is None or isinstance(entry, Skipped):
            return None
        path = self._path(entry)
        try:
            file = self._unchanged.find(path, entry.stat(follow_symlinks=False))
        except FileNotFoundError:
            return None
        if file is None or not self._is_known(self._keys.blob_name(file.sha256)):
            return None
        return StoredFile(file)

    def _path(self, entry: os.DirEntry[str]) -> str:
        return entry.path[self._skipped :]

    def _is_known(self, name: str) -> bool:
        return bytes.fromhex(name) in self._known

    def keep(self, entry: os.DirEntry[str] | Skipped) -> StoredFile | Skipped:
        if isinstance(entry, Skipped):
            return entry
        path = self._path(entry)
        try:
            return self._keep(path)
        except FileNotFoundError:
            return Skipped(path, "it was deleted during the backup", False)
        except PermissionError as error:
            return Skipped(path, f"it cannot be read: {error.strerror}", True)
        except FileChanged:
            return Skipped(path, "it kept changing while it was read", True)

    def _keep(self, path: str) -> StoredFile | Skipped:
        found = (self._root / path).lstat()
        mode = stat.S_IMODE(found.st_mode)
        if stat.S_ISLNK(found.st_mode):
            link = str((self._root / path).readlink())
            return StoredFile(MediaFile(path, 0, found.st_mtime_ns, mode, link=link))
        if not stat.S_ISREG(found.st_mode):
            return Skipped(path, "it is neither a file nor a link", True)
        for attempt in range(ATTEMPTS):
            try:
                return self._keep_content(path)
            except FileChanged:
                if attempt == ATTEMPTS - 1:
                    raise
        raise AssertionError("unreachable")

    def _keep_content(self, path: str) -> StoredFile:
        with (self._root / path).open("rb") as content:
            found = os.fstat(content.fileno())
            mode = stat.S_IMODE(found.st_mode)
            file = MediaFile(path, found.st_size, found.st_mtime_ns, mode)
            if found.st_size <= WHOLE_BYTES:
                with self._memory.of(COPIES * found.st_size):
                    return self._keep_whole(file, content)
            return self._keep_stream(file, content)

    def _keep_whole(self, file: MediaFile, content: BufferedReader) -> StoredFile:
        """What was hashed is what is sent: the same bytes, in memory."""
        data = content.read(file.size_bytes + 1)
        _check_unchanged(file, content, size_bytes=len(data))
        file = replace(file, sha256=hashlib.sha256(data).hexdigest())
        blob = self._keys.blob_name(file.sha256)
        with self._sending.on(blob):
            if self._is_known(blob):
                return StoredFile(file)
            name = self._shelf.blob(blob)
            data = self._keys.encrypt(data)
            self._renew(name)
            try:
                stored = self._store.put(name, data)
            except ObjectExists:
                return self._kept(file)
            sent = ObjectChecksums(len(data), "", crc32c_of(data))
            check_stored(self._store, name, stored=stored, sent=sent)
            return self._kept(file, new_bytes=len(data))

    def _keep_stream(self, file: MediaFile, content: BufferedReader) -> StoredFile:
        """A large file is read twice; the second time must give the same bytes."""
        sha256 = hashlib.file_digest(content, "sha256").hexdigest()
        _check_unchanged(file, content, size_bytes=content.tell())
        file = replace(file, sha256=sha256)
        blob = self._keys.blob_name(sha256)
        with self._sending.on(blob):
            if self._is_known(blob):
                return StoredFile(file)
            self._renew(self._shelf.blob(blob))
            content.seek(0)
            try:
                return self._kept(file, new_bytes=self._send_stream(file, content))
            except ObjectExists:
                return self._kept(file)

    def _send_stream(self, file: MediaFile, content: BufferedReader) -> int:
        name = self._shelf.blob(self._keys.blob_name(file.sha256))
        with self._memory.of(MEMORY_BYTES), upload(self._store, name) as target:
            with self._keys.encrypting(target) as plain:
                again = hashlib.sha256()
                while piece := content.read(PIECE_BYTES):
                    again.update(piece)
                    plain.write(piece)
            if again.hexdigest() != file.sha256:
                raise FileChanged(file.path)
        return target.fingerprint().size_bytes

    def _renew(self, name: str) -> None:
        if name in self._condemned:
            renew(self._store, name, condemned=self._condemned[name])

    def _kept(self, file: MediaFile, *, new_bytes: int | None = None) -> StoredFile:
        # Known only now: had it been so before, and the sending failed, an equal
        # file would point at nothing.
        self._known.add(bytes.fromhex(self._keys.blob_name(file.sha256)))
        return StoredFile(file, new_bytes)


def _check_unchanged(
    file: MediaFile, content: BufferedReader, *, size_bytes: int
) -> None:
    found = os.fstat(content.fileno())
    if (size_bytes, found.st_mtime_ns) != (file.size_bytes, file.mtime_ns):
        raise FileChanged(file.path)
