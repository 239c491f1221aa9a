"""What must be true before a restore starts, and what a person should know."""

import os

from socle.backups.exceptions import NotABackup, RestoreRefused
from socle.backups.format.backup_metadata import Backup, StoredPart
from socle.backups.format.checksums import agrees
from socle.backups.postgres.connection import MAINTENANCE, major, server_version
from socle.backups.postgres.roles import check_roles
from socle.backups.restore.migration_state import unknown_migrations
from socle.backups.restore.restore_targets import Parts
from socle.backups.runs.backup_source import BackupSource
from socle.backups.runs.disk_space import check_room
from socle.backups.stores import Store


def check_fits(
    backup: Backup, *, site: BackupSource, store: Store, parts: Parts = Parts.BOTH
) -> None:
    """
    parts: what of the backup is wanted.

    Raises RestoreRefused (this place does not fit), NotABackup (a part is missing or
    another's), KeyMissing, StoreUnavailable or ServerUnavailable. Changes nothing.
    """
    backup.opening_keys  # noqa: B018  raises KeyMissing
    record = backup.record
    if Parts.DATABASE in parts:
        _check_versions(backup, site=site)
        _check_migrations(backup)
        _check_extensions(backup, site=site)
        check_roles(site.database, wanted=record.database.roles)
        _check_part(record.database.dump, backup=backup, store=store)
    _check_folder(site)
    if Parts.MEDIA in parts:
        if not site.media_store_url:
            _check_volume(site)
        _check_part(record.media.manifest, backup=backup, store=store)
    check_room(record, site=site, parts=parts)


def _check_versions(backup: Backup, *, site: BackupSource) -> None:
    database = backup.record.database
    with site.database.named(MAINTENANCE).connect(purpose="restore") as connection:
        here = server_version(connection)
    if major(here) < major(database.server_version):
        raise RestoreRefused(
            f"The backup was taken from Postgres {database.server_version}; the server "
            f"here is {here}, and a dump cannot go back to an older major. Set "
            f"POSTGRES_VERSION={major(database.server_version)} in .env, start with a "
            "new data volume, then run the restore again."
        )
    tool = site.database.tool_version("pg_restore")
    if major(tool) < major(database.pg_dump_version):
        raise RestoreRefused(
            f"The dump was written by pg_dump {database.pg_dump_version}; pg_restore "
            f"here is {tool} and cannot read it. Install version "
            f"{major(database.pg_dump_version)} of the Postgres client tools, or name "
            "their folder as POSTGRES_BIN in .env."
        )


def _check_migrations(backup: Backup) -> None:
    unknown = unknown_migrations(backup.record.database.migration_heads)
    if unknown:
        raise RestoreRefused(
            "The backup was taken by newer code than this: it has the migrations "
            f"{', '.join(unknown)}, which this code does not know. Install that "
            "version of the site, or restore an older backup: ./google_storage.sh -l"
        )


def _check_extensions(backup: Backup, *, site: BackupSource) -> None:
    with (
        site.database.named(MAINTENANCE).connect(purpose="restore") as connection,
        connection.cursor() as cursor,
    ):
        cursor.execute("SELECT name FROM pg_available_extensions")
        available = {name for (name,) in cursor.fetchall()}
    missing = sorted(backup.record.database.extensions.keys() - available)
    if missing:
        raise RestoreRefused(
            f"The database needs {', '.join(missing)}, and this server has no such "
            "extensions. Install them on the machine of the Postgres server (or use "
            "an image that has them), then run the restore again."
        )


def _check_folder(site: BackupSource) -> None:
    """Beside the live media lie the restored ones, and the journal of the swap."""
    live, parent = site.media_root, site.media_root.parent
    if not parent.is_dir() or not os.access(parent, os.W_OK | os.X_OK):
        raise RestoreRefused(
            f"{parent} cannot be written by uid {os.getuid()}. The restored media are "
            f"put there, beside {live.name}. Give access to it, then run it again."
        )


def _check_volume(site: BackupSource) -> None:
    """The swap is a rename: both folders must be on one volume."""
    live, parent = site.media_root, site.media_root.parent
    if live.exists() and live.stat().st_dev != parent.stat().st_dev:
        raise RestoreRefused(
            f"{live} is a volume of its own, so nothing can be renamed into its place. "
            f"Mount the volume at {parent} and keep media in a folder of it "
            "(MEDIA_ROOT in .env)."
        )


def _check_part(part: StoredPart, *, backup: Backup, store: Store) -> None:
    found = store.find(backup.address.folder + part.name)
    if found is None:
        raise NotABackup(
            f"{backup.url}/{part.name} is missing, although the record names it. "
            "Restore another backup: ./google_storage.sh -l"
        )
    if not agrees(found, size_bytes=part.size_bytes, crc32c=part.crc32c):
        raise NotABackup(
            f"{backup.url}/{part.name} is damaged: {found.size_bytes:,} bytes (crc32c "
            f"{found.crc32c}) instead of {part.size_bytes:,} ({part.crc32c}). Restore "
            "another backup: ./google_storage.sh -l"
        )


def remarks(backup: Backup, *, site: BackupSource) -> list[str]:
    """What a person should read before agreeing; mostly nothing."""
    record, found = backup.record, []
    if record.project != site.project:
        found.append(
            f"This backup is of the project {record.project!r}; this is "
            f"{site.project!r}."
        )
    if record.environment != site.environment:
        found.append(
            f"This backup is of the environment {record.environment!r}, with its "
            f"people's data; this is {site.environment!r}."
        )
    if record.media.skipped:
        found.append(
            f"{len(record.media.skipped)} files could not be kept when it was taken; "
            "they will be missing."
        )
    return found + record.database.warnings
