"""A backup of this site, and what is told of it: expected, counted, left out."""

from typing import Any

from django.db import Error
from django.utils import timezone

from socle.backups.exceptions import FilesLeftOut
from socle.backups.format.backup_metadata import Backup
from socle.backups.models import Run
from socle.backups.postgres.dump import DUMPING
from socle.backups.progress import Progress, counted_files
from socle.backups.runs.backup_parts import KEEPING_MEDIA
from socle.backups.runs.backup_source import BackupSource
from socle.backups.runs.run_recorder import RunRecorder
from socle.backups.services import take_backup
from socle.backups.stores import open_store


def back_up(run: RunRecorder, *, progress: Progress, full: bool = False) -> Backup:
    """
    Back up this site now, as `run`, whose result is told. Files may be missing: see
    `check_nothing_lost`. Raises what `take_backup` raises.
    """
    site = BackupSource.from_settings()
    expect_as_last_time(progress)
    backup = take_backup(
        site,
        store=open_store(site.store_url),
        now=timezone.now(),
        progress=progress,
        full=full,
    )
    run.result(url=backup.url, **numbers_of(backup), warnings=progress.warnings)
    return backup


def numbers_of(backup: Backup) -> dict[str, Any]:
    """For the run's row and its line in the log."""
    record = backup.record
    return {
        "database_bytes": record.database.dump.size_bytes,
        "uncompressed_bytes": record.database.uncompressed_bytes,
        "media_files": record.media.files,
        "media_bytes": record.media.size_bytes,
        "new_files": record.media.new_files,
        "new_bytes": record.new_bytes,
        "skipped_files": len(record.media.skipped),
    }


def check_nothing_lost(backup: Backup) -> None:
    """Raises FilesLeftOut if a person must do something about a file."""
    lost = [one for one in backup.record.media.skipped if one.needs_a_person]
    if lost:
        first = f"{lost[0].path!r}, {lost[0].reason}"
        raise FilesLeftOut(
            f"The backup {backup.url} is complete but for {counted_files(len(lost))}; "
            f"the first is {first}. Correct them, then run: ./google_storage.sh -b"
        )


def expect_as_last_time(progress: Progress) -> None:
    """Most nights are like the one before: this is how the time left is guessed."""
    try:
        last = Run.objects.complete_backups().first()
    except Error:  # the backup itself will say what is wrong with the database
        return
    numbers = last.numbers if last else {}
    progress.expect(DUMPING, total_bytes=numbers.get("uncompressed_bytes"))
    progress.expect(
        KEEPING_MEDIA,
        total_bytes=numbers.get("media_bytes"),
        total_files=numbers.get("media_files"),
    )
