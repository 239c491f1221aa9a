"""The uploaded files on their way back into the bucket that they live in."""

from collections.abc import Iterator
from dataclasses import dataclass

from socle.backups.exceptions import RestoreFailed
from socle.backups.format.backup_metadata import Backup
from socle.backups.format.blobs import missing_explained, write_content
from socle.backups.format.checksums import upload
from socle.backups.format.media_manifest import MediaFile, check_inside, read_manifest
from socle.backups.media.bucket_backup import as_file, same_kind
from socle.backups.media.folder_restore import count_restored
from socle.backups.progress import Progress, counted_files
from socle.backups.stores import Store, open_store
from socle.backups.threads import THREADS, map_in_threads


@dataclass(frozen=True)
class _Live:
    """An object of the media bucket, as it is before the restore."""

    file: MediaFile
    generation: str


class BucketRestorer:
    """
    A bucket has no folder to swap. So what is missing is brought before the database is
    swapped, which the live site does not notice, and what has other bytes is replaced
    after it. Nothing is removed: what the backup does not name stays, unreferenced.

    stamp: of the restore. Objects that are replaced are kept below the bucket's folder
    with `.before_STAMP` at its end.
    """

    def __init__(self, backup: Backup, *, store: Store, media: Store, stamp: str):
        self._backup = backup
        self._store = store
        self._media = media
        self._aside_url = f"{media.url}.before_{stamp}"
        self._shelf = backup.address.shelf
        self._keys = backup.opening_keys
        self._different: list[tuple[MediaFile, _Live]] = []

    def bring_missing(self, *, progress: Progress) -> None:
        """Raises ObjectMissing, ObjectDamaged, RestoreFailed, StoreUnavailable, …"""
        live = {
            found.name: _Live(as_file(found), found.generation)
            for found in self._media.list("")
        }

        def bring(file: MediaFile) -> MediaFile:
            there = live.get(file.path)
            if there is None:
                self._send(file)
            elif not self._is_same(file, there.file):
                self._different.append((file, there))
            return file

        brought = map_in_threads(bring, self._files(progress), threads=THREADS)
        count_restored(brought, of=self._backup.record.media, progress=progress)

    def replace_different(self, *, progress: Progress) -> str:
        """
        Put the backup's bytes in the place of other ones. Returns the URL below which
        those are kept; empty if there were none. To be run again if it fails.
        """
        if not self._different:
            return ""
        progress.say(f"Replacing {counted_files(len(self._different))} in the bucket")
        aside = open_store(self._aside_url)
        for file, there in self._different:
            aside.copy(file.path, source=self._media, source_name=file.path)
            self._media.delete(file.path, generation=there.generation)
            self._send(file)
        return self._aside_url

    def _files(self, progress: Progress) -> Iterator[MediaFile]:
        links = 0
        for file in read_manifest(self._backup, store=self._store):
            if file.content:
                check_inside(file.path)
                yield file
            else:
                links += 1
        if links:
            progress.say(f"{counted_files(links)} left out: a bucket knows no links.")

    def _is_same(self, file: MediaFile, live: MediaFile) -> bool:
        if file.size_bytes != live.size_bytes:
            return False
        if file.checksum:
            return file.checksum == live.checksum
        if self._keys.identities:
            return False  # a file of a folder, sealed: nothing to compare without it
        stored = self._store.find(self._shelf.blob(file.content))
        return stored is not None and as_file(stored).checksum == live.checksum

    def _send(self, file: MediaFile) -> None:
        blob = self._shelf.blob(self._keys.blob_name(file.content))
        with missing_explained(file):
            if not self._keys.identities and same_kind(self._store, self._media):
                copied = self._media.copy(
                    file.path, source=self._store, source_name=blob
                )
                _check_size(file, copied.size_bytes)
                return
            with upload(self._media, file.path) as target:
                write_content(
                    file,
                    target=target,
                    store=self._store,
                    shelf=self._shelf,
                    keys=self._keys,
                )


def _check_size(file: MediaFile, size_bytes: int) -> None:
    if size_bytes != file.size_bytes:
        raise RestoreFailed(
            f"{file.path!r} was copied with {size_bytes:,} bytes instead of "
            f"{file.size_bytes:,}. Restore another backup: ./google_storage.sh -l"
        )
