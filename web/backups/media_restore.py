"""The uploaded files on their way back, into a folder beside the live one."""

import os
from collections.abc import Iterator
from itertools import chain
from pathlib import Path, PurePosixPath

from backups.addresses import Shelf
from backups.contents import open_content
from backups.encryption import Keys
from backups.exceptions import (
    MediaUnreadable,
    ObjectDamaged,
    ObjectMissing,
    RestoreFailed,
)
from backups.manifest import PIECE_BYTES, MediaFile, read_manifest
from backups.media_at_hand import copied
from backups.progress import Progress
from backups.record import Backup
from backups.stores import Store
from backups.threads import THREADS, map_in_threads


def restore_media(
    backup: Backup,
    *,
    store: Store,
    folder: Path,
    progress: Progress,
    live: Path | None = None,
) -> None:
    """
    Fill the empty `folder` with every file of `backup`, each proven by its sha256.

    live: a folder that may have some of the files already; without one each comes out
    of the store, as it must when the store is to be proven.

    Raises ObjectDamaged or ObjectMissing for a manifest or a content that is not what
    it was, RestoreFailed if the numbers differ from the record's.
    """
    restorer = MediaRestorer(
        store,
        shelf=backup.address.shelf,
        folder=folder,
        keys=backup.opening_keys,
        live=live,
    )
    files = size_bytes = 0
    media = backup.record.media
    links: list[MediaFile] = []
    contents = _set_apart(links, manifest=read_manifest(backup, store=store))
    restored = map_in_threads(restorer.restore, contents, threads=THREADS)
    for file in chain(restored, map(restorer.restore, links)):
        files += 1
        size_bytes += file.size_bytes
        progress.moved(
            "Restoring media",
            size_bytes=size_bytes,
            files=files,
            total_bytes=media.size_bytes,
            total_files=media.files,
        )
    if (files, size_bytes) != (media.files, media.size_bytes):
        raise RestoreFailed(
            f"The manifest names {files:,} files of {size_bytes:,} bytes, the record "
            f"{media.files:,} files of {media.size_bytes:,} bytes."
        )


def _set_apart(
    links: list[MediaFile], *, manifest: Iterator[MediaFile]
) -> Iterator[MediaFile]:
    """The files; links come after all of them, so that none is written through one."""
    for file in manifest:
        if file.link:
            links.append(file)
        else:
            yield file


class MediaRestorer:
    def __init__(
        self,
        store: Store,
        *,
        shelf: Shelf,
        folder: Path,
        keys: Keys,
        live: Path | None = None,
    ):
        self._live = live
        self._store = store
        self._shelf = shelf
        self._folder = folder
        self._root = folder.resolve()
        self._keys = keys

    def restore(self, file: MediaFile) -> MediaFile:
        path = self._target(file.path)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            if file.link:
                path.symlink_to(file.link)
            else:
                if self._live is None or not copied(file, live=self._live, target=path):
                    self._fetch(file, path=path)
                path.chmod(file.mode)
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
        target = self._folder / pure
        if (
            not path
            or pure.is_absolute()
            or ".." in pure.parts
            or "\0" in path
            or not Path(os.path.realpath(target.parent)).is_relative_to(self._root)
        ):
            raise ObjectDamaged(f"The manifest names a file outside media: {path!r}.")
        return target

    def _fetch(self, file: MediaFile, *, path: Path) -> None:
        try:
            with (
                path.open("xb") as target,
                open_content(
                    file, store=self._store, shelf=self._shelf, keys=self._keys
                ) as content,
            ):
                while piece := content.read(PIECE_BYTES):
                    target.write(piece)
        except ObjectMissing as error:
            raise ObjectMissing(
                f"The content of {file.path!r} is missing: {error} Restore another "
                "backup: ./google_storage.sh -l"
            ) from error
