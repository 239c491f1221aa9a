"""The uploaded files on their way back, into a folder beside the live one."""

import os
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path

from socle.backups.exceptions import MediaUnreadable, RestoreFailed
from socle.backups.format.backup_metadata import Backup, MediaPart
from socle.backups.format.blobs import missing_explained, write_content
from socle.backups.format.encryption import Keys
from socle.backups.format.media_manifest import (
    MediaFile,
    check_inside,
    outside,
    read_manifest,
)
from socle.backups.format.namespace import BackupNamespace
from socle.backups.media.reuse_live_file import copied
from socle.backups.progress import Progress
from socle.backups.stores import Store
from socle.backups.threads import THREADS, map_in_threads


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
    media = backup.record.media
    links: list[MediaFile] = []
    contents = _set_apart(links, manifest=read_manifest(backup, store=store))
    restored = map_in_threads(restorer.restore, contents, threads=THREADS)
    everything = chain(restored, map(restorer.restore, links))
    files, size_bytes = count_restored(everything, of=media, progress=progress)
    if (files, size_bytes) != (media.files, media.size_bytes):
        raise RestoreFailed(
            f"The manifest names {files:,} files of {size_bytes:,} bytes, the record "
            f"{media.files:,} files of {media.size_bytes:,} bytes."
        )


def count_restored(
    restored: Iterable[MediaFile], *, of: MediaPart, progress: Progress
) -> tuple[int, int]:
    """Takes them one by one, and tells. Returns how many files and bytes there were."""
    files = size_bytes = 0
    for file in restored:
        files += 1
        size_bytes += file.size_bytes
        progress.moved(
            "Restoring media",
            size_bytes=size_bytes,
            files=files,
            total_bytes=of.size_bytes,
            total_files=of.files,
        )
    return files, size_bytes


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
        shelf: BackupNamespace,
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
        """Nor through a link that the manifest names as well."""
        check_inside(path)
        if "\0" in path:
            raise outside(path)
        target = self._folder / path
        if not Path(os.path.realpath(target.parent)).is_relative_to(self._root):
            raise outside(path)
        return target

    def _fetch(self, file: MediaFile, *, path: Path) -> None:
        with missing_explained(file), path.open("xb") as target:
            write_content(
                file,
                target=target,
                store=self._store,
                shelf=self._shelf,
                keys=self._keys,
            )
