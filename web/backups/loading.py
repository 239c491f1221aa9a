"""The dump of a backup, into an empty database."""

import os
import shutil
from pathlib import Path
from tempfile import TemporaryFile

from backups.dump import (
    OPEN_FILES,
    RESTORING,
    load_dump,
    load_dump_file,
    unpack,
)
from backups.exceptions import RestoreFailed
from backups.manifest import open_part
from backups.postgres import Database
from backups.progress import Progress
from backups.record import Backup
from backups.stores import Store

FETCHING = "Fetching the dump"
MOST_JOBS = 4
SPARE_BYTES = 500_000_000


def load_database(
    backup: Backup,
    *,
    into: Database,
    store: Store,
    folder: Path,
    spare_bytes: int,
    progress: Progress,
) -> None:
    """
    Fill the empty database `into` with the dump of `backup`.

    folder: where the unpacked dump lies meanwhile, if there is room for it beside
    `spare_bytes`: then it is proven before it is used, and several processes restore
    it. Else it is streamed, and proven at its end.

    Raises RestoreFailed, ObjectDamaged, ObjectMissing.
    """
    dump = backup.record.database.dump
    plain_bytes = backup.record.database.uncompressed_bytes
    if not _fits(backup, folder=folder, spare_bytes=spare_bytes):
        progress.expect(RESTORING, total_bytes=plain_bytes)
        with open_part(backup, dump, store=store) as source:
            load_dump(into, source=source, progress=progress)
        return
    progress.expect(FETCHING, total_bytes=plain_bytes)
    try:
        with TemporaryFile(dir=folder) as file:
            with open_part(backup, dump, store=store) as source:
                unpack(source, target=file, step=FETCHING, progress=progress)
            file.flush()
            load_dump_file(into, file=file, jobs=jobs(), progress=progress)
    except OSError as error:
        raise RestoreFailed(f"The dump could not be unpacked: {error}.") from error


def jobs() -> int:
    return max(1, min(MOST_JOBS, len(os.sched_getaffinity(0))))


def _fits(backup: Backup, *, folder: Path, spare_bytes: int) -> bool:
    if not Path(OPEN_FILES).is_dir():
        return False  # no Linux: a file without a name cannot be opened again
    needed = backup.record.database.uncompressed_bytes + spare_bytes + SPARE_BYTES
    return shutil.disk_usage(folder).free > needed
