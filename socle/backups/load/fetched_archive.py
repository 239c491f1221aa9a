"""Brings the archive of a backup onto this machine, whole or as a stream."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO

import zstandard

from socle.backups.exceptions import ObjectDamaged, RestoreFailed
from socle.backups.format.backup_metadata import Backup
from socle.backups.format.media_manifest import open_part
from socle.backups.load.archive import HEAD_BYTES, PROC_FILES, RESTORING, Archive
from socle.backups.postgres.connection import Database
from socle.backups.postgres.dump import PIECE_BYTES
from socle.backups.progress import Progress
from socle.backups.stores import Reader, Store

FETCHING = "Fetching the dump"
SPARE_BYTES = 500_000_000


@contextmanager
def open_archive(
    backup: Backup,
    *,
    database: Database,
    store: Store,
    folder: Path,
    spare_bytes: int,
    progress: Progress,
) -> Iterator[Archive]:
    """
    folder: where the unpacked dump lies meanwhile, if there is room for it beside
    `spare_bytes`: then it is proven before it is used, and several processes restore
    it. Else it is streamed, and proven at its end.

    Raises RestoreFailed, ObjectDamaged, ObjectMissing.
    """
    plain_bytes = backup.record.database.uncompressed_bytes

    def pieces() -> Iterator[bytes]:
        with open_part(backup, backup.record.database.dump, store=store) as source:
            yield from _unpacked(source)

    if not _fits(backup, folder=folder, spare_bytes=spare_bytes):
        progress.expect(RESTORING, total_bytes=plain_bytes)
        with TemporaryFile() as head:
            archive = Archive(head, progress, lambda: _joined(head, pieces()))
            _fill_head(archive, pieces(), database=database)
            yield archive
        return
    progress.expect(FETCHING, total_bytes=plain_bytes)
    with _temporary_file(folder) as file:
        _fill(file, pieces(), progress=progress)
        yield Archive(file, progress)


def _fill(file: IO[bytes], pieces: Iterator[bytes], *, progress: Progress) -> None:
    size_bytes = 0
    for piece in pieces:
        try:
            file.write(piece)
            file.flush()
        except OSError as error:
            raise _not_unpacked(error) from error
        size_bytes += len(piece)
        progress.moved(FETCHING, size_bytes=size_bytes)


def _fill_head(
    archive: Archive, pieces: Iterator[bytes], *, database: Database
) -> None:
    """As much of it as the table of contents needs, which nothing tells beforehand."""
    wanted = HEAD_BYTES
    for piece in pieces:
        archive.file.write(piece)
        if archive.file.tell() < wanted:
            continue
        archive.file.flush()
        with suppress(RestoreFailed):
            archive.entries(database)
            return
        wanted *= 2
        archive.file.seek(0, os.SEEK_END)
    archive.file.flush()


def _joined(head: IO[bytes], pieces: Iterator[bytes]) -> Iterator[bytes]:
    """The archive that begins with `head`, which may have been changed."""
    head.seek(0)
    skipped = 0
    while piece := head.read(PIECE_BYTES):
        skipped += len(piece)
        yield piece
    for piece in pieces:
        if len(piece) > skipped:
            yield piece[skipped:]
        skipped = max(0, skipped - len(piece))


def _unpacked(source: Reader) -> Iterator[bytes]:
    """Raises ObjectDamaged."""
    decompressor = zstandard.ZstdDecompressor()
    try:
        with decompressor.stream_reader(source, closefd=False) as plain:  # type: ignore[arg-type]
            while piece := plain.read(PIECE_BYTES):
                yield piece
    except zstandard.ZstdError as error:
        raise ObjectDamaged(
            f"The dump is damaged: {error}. Restore another backup: "
            "./google_storage.sh -l"
        ) from error


@contextmanager
def _temporary_file(folder: Path) -> Iterator[IO[bytes]]:
    try:
        file = TemporaryFile(dir=folder)  # noqa: SIM115  closed below
    except OSError as error:
        raise _not_unpacked(error) from error
    with file:
        yield file


def _not_unpacked(error: OSError) -> RestoreFailed:
    return RestoreFailed(f"The dump could not be unpacked: {error}.")


def _fits(backup: Backup, *, folder: Path, spare_bytes: int) -> bool:
    if not PROC_FILES.is_dir():
        return False  # no Linux: several processes cannot share one open file
    needed = backup.record.database.uncompressed_bytes + spare_bytes + SPARE_BYTES
    return shutil.disk_usage(folder).free > needed
