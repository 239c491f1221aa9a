"""Whether what a restore builds beside the live site fits on the disks."""

import shutil
from collections import defaultdict
from pathlib import Path

import psycopg2

from socle.backups.exceptions import RestoreRefused
from socle.backups.format.backup_metadata import BackupMetadata
from socle.backups.postgres.connection import MAINTENANCE, Database
from socle.backups.progress import readable_size
from socle.backups.restore.restore_targets import Parts
from socle.backups.runs.backup_source import BackupSource

# Rows in a database, with its indexes, over the same rows in a dump.
GROWTH = 2
LOCAL = {"", "localhost", "127.0.0.1", "::1"}


def check_room(record: BackupMetadata, *, site: BackupSource, parts: Parts) -> None:
    """
    Raises RestoreRefused. A server elsewhere does not tell how much room it has: then
    only the media are looked at.
    """
    needs: dict[int, int] = defaultdict(int)
    folders: dict[int, Path] = {}
    for folder, size_bytes in _needs(record, site=site, parts=parts):
        volume = folder.stat().st_dev
        folders.setdefault(volume, folder)
        needs[volume] += size_bytes
    for volume, folder in folders.items():
        free = shutil.disk_usage(folder).free
        if free < needs[volume]:
            raise RestoreRefused(
                f"The restore needs {readable_size(needs[volume])} in {folder}, which "
                f"has {readable_size(free)} free. Make room (what the last restore "
                "replaced goes with ./google_storage.sh --forget), then run it again."
            )


def _needs(
    record: BackupMetadata, *, site: BackupSource, parts: Parts
) -> list[tuple[Path, int]]:
    needs = []
    if Parts.MEDIA in parts and not site.media_store_url:
        needs.append((site.media_root.parent, record.media.size_bytes))
    data = data_folder(site.database) if Parts.DATABASE in parts else None
    if data is not None:
        needs.append((data, record.database.uncompressed_bytes * GROWTH))
    return needs


def data_folder(database: Database) -> Path | None:
    """Where the server keeps its data, if that is on this machine and we may see it."""
    if not database.host.startswith("/") and database.host not in LOCAL:
        return None
    try:
        with (
            database.named(MAINTENANCE).connect(purpose="restore") as connection,
            connection.cursor() as cursor,
        ):
            cursor.execute("SHOW data_directory")
            folder = Path(cursor.fetchone()[0])
            folder.stat()
    except (psycopg2.Error, OSError):
        return None  # not for this user to know
    return folder
