from celery import shared_task

from backups.outcome import back_up, check_nothing_lost
from backups.progress import Progress
from backups.telling import told
from operations import asking

LONGEST_SECONDS = 24 * 60 * 60


@shared_task(
    bind=True,
    # Not given to a second worker when this one dies or takes longer than the broker's
    # patience: the page shows that it was killed, and who wants it asks again.
    acks_late=False,
    reject_on_worker_lost=False,
    soft_time_limit=LONGEST_SECONDS,
    time_limit=LONGEST_SECONDS + 60,
)
def back_up_now(self) -> str:
    """Back up database and uploads, as cron does each night. Returns the URL."""
    with told("backup") as run:
        asking.take_up()

        def heard(words: str) -> None:
            run.moved(words)
            show_progress(self, words)

        backup = back_up(run, progress=Progress(heard=heard))
        check_nothing_lost(backup)
    return backup.url


def show_progress(task, words: str) -> None:
    """For Flower, which hears events."""
    if not task.request.called_directly:
        task.send_event("task-progress", result=words)
