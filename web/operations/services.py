"""Ask a worker for a backup: the only thing that this page may set going."""

from datetime import datetime

from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

from backups.exceptions import AlreadyRunning, StoreUnavailable
from backups.locks import check_free
from backups.site import Site
from operations import asking
from operations.tasks import back_up_now


def ask_for_backup(*, by: str, now: datetime) -> None:
    """
    Send the task, once.

    Raises AlreadyRunning, which says who is at it, or another BackupError.
    """
    check_free(Site.from_settings().database)
    try:
        if not asking.ask(by=by, now=now):
            raise AlreadyRunning(
                "A backup was asked for just now and waits for a worker."
            )
        send()
    except (OperationalError, RedisError) as error:
        raise StoreUnavailable(f"Redis took no task: {error}") from error


def send() -> None:
    try:
        back_up_now.apply_async(expires=asking.WAITING_SECONDS)
    except OperationalError:
        asking.take_up()
        raise
