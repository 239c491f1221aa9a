"""The uploaded files on their way back, into a folder beside the live one."""

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

import zstandard

from backups.addresses import Shelf
from backups.checksums import HashingReader, download
from backups.exceptions import (
    MediaUnreadable,
    ObjectDamaged,
    ObjectMissing,
    RestoreFailed,
)
from backups.media import PIECE_BYTES, WHOLE_BYTES, MediaFile
from backups.progress import Progress
from backups.record import Backup
from backups.stores import Store
from backups.threads import THREADS, map_in_threads


def restore_media(
    backup: Backup, *, store: Store, folder: Path, progress: Progress
) -> None:
    """
    Fill the empty `folder` with every file of `backup`, each proven by its sha256.

    Raises ObjectDamaged or ObjectMissing for a manifest or a content that is not what
    it was, RestoreFailed if the numbers differ from the record's.
    """
    restorer = MediaRestorer(store, shelf=backup.address.shelf, folder=folder)
    files = size_bytes = 0
    manifest = read_manifest(backup, store=store)
    for file in map_in_threads(restorer.restore, manifest, threads=THREADS):
        files += 1
        size_bytes += file.size_bytes
        progress.moved("Restoring media", size_bytes=size_bytes, files=files)
    media = backup.record.media
    if (files, size_bytes) != (media.files, media.size_bytes):
        raise RestoreFailed(
            f"The manifest names {files:,} files of {size_bytes:,} bytes, the record "
            f"{media.files:,} files of {media.size_bytes:,} bytes."
        )


def read_manifest(backup: Backup, *, store: Store) -> Iterator[MediaFile]:
    """Line by line; raises ObjectDamaged at the end if it was not the stored one."""
    part = backup.record.media.manifest
    name = backup.address.folder + part.name
    with download(
        store, name, sha256=part.sha256, size_bytes=part.size_bytes
    ) as source:
        try:
            for line in _lines(source):
                yield MediaFile.from_line(line)
        except (zstandard.ZstdError, ValueError, TypeError) as error:
            raise ObjectDamaged(
                f"{store.url}/{name} is damaged: {error}. Restore another backup: "
                "./google_storage.sh -l"
            ) from error


def _lines(source: HashingReader) -> Iterator[bytes]:
    rest = b""
    with zstandard.ZstdDecompressor().stream_reader(source, closefd=False) as plain:  # type: ignore[arg-type]
        while piece := plain.read(PIECE_BYTES):
            *lines, rest = (rest + piece).split(b"\n")
            yield from lines


class MediaRestorer:
    def __init__(self, store: Store, *, shelf: Shelf, folder: Path):
        self._store = store
        self._shelf = shelf
        self._folder = folder

    def restore(self, file: MediaFile) -> MediaFile:
        path = self._target(file.path)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            if file.link:
                path.symlink_to(file.link)
            else:
                self._restore_content(file, path=path)
            times = (file.mtime_ns, file.mtime_ns)
            os.utime(path, ns=times, follow_symlinks=False)
        except OSError as error:
            raise MediaUnreadable(
                f"A file of the backup cannot be written: {error}. Make room or give "
                f"uid {os.getuid()} access, then run the restore again."
            ) from error
        return file

    def _target(self, path: str) -> Path:
        """A damaged or foreign manifest must not write anywhere else."""
        pure = PurePosixPath(path)
        if not path or pure.is_absolute() or ".." in pure.parts or "\0" in path:
            raise ObjectDamaged(f"The manifest names a file outside media: {path!r}.")
        return self._folder / pure

    def _restore_content(self, file: MediaFile, *, path: Path) -> None:
        name = self._shelf.blob(file.sha256)
        try:
            with path.open("xb") as target:
                if file.size_bytes <= WHOLE_BYTES:
                    data = self._store.read(name)
                    _prove(data, file=file, name=name)
                    target.write(data)
                else:
                    with download(
                        self._store,
                        name,
                        sha256=file.sha256,
                        size_bytes=file.size_bytes,
                    ) as source:
                        while piece := source.read(PIECE_BYTES):
                            target.write(piece)
        except ObjectMissing as error:
            raise ObjectMissing(
                f"The content of {file.path!r} is missing: {error} Restore another "
                "backup: ./google_storage.sh -l"
            ) from error
        path.chmod(file.mode)


def _prove(data: bytes, *, file: MediaFile, name: str) -> None:
    if hashlib.sha256(data).hexdigest() != file.sha256:
        raise ObjectDamaged(
            f"The content of {file.path!r} ({name}) is damaged: its sha256 differs. "
            "Restore another backup: ./google_storage.sh -l"
        )
