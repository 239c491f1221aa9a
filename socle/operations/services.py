"""Ask for a backup: the only thing that this page may set going."""

from datetime import datetime

from redis.exceptions import RedisError

from socle.backups.exceptions import AlreadyRunning, StoreUnavailable
from socle.backups.runs.backup_source import BackupSource
from socle.backups.runs.run_locks import check_free
from socle.operations import backup_requests


def ask_for_backup(*, by: str, now: datetime) -> None:
    """
    Leave word for cron, once. It signs in to the database as the owner, as whom alone
    everything can be read: web and worker may not.

    Raises AlreadyRunning, which says who is at it, or another BackupError.
    """
    check_free(BackupSource.from_settings().database)
    try:
        is_first = backup_requests.ask(by=by, now=now)
    except RedisError as error:
        raise StoreUnavailable(f"Redis took no word of it: {error}") from error
    if not is_first:
        raise AlreadyRunning(
            "A backup was asked for just now; cron begins it within a minute."
        )
