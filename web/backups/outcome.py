"""What a finished backup says of itself: its numbers, and what it lacks."""

from typing import Any

from backups.exceptions import FilesLeftOut
from backups.record import Backup


def numbers_of(backup: Backup) -> dict[str, Any]:
    """For the run's row and its line in the log."""
    record = backup.record
    return {
        "database_bytes": record.database.dump.size_bytes,
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
            f"The backup {backup.url} is complete but for {len(lost)} files; the first "
            f"is {first}. Correct them, then run: ./google_storage.sh -b"
        )
