from celery import shared_task
from django.utils import timezone

from backups.outcome import check_nothing_lost, expect_as_last_time, numbers_of
from backups.progress import Progress
from backups.services import take_backup
from backups.site import Site
from backups.stores import open_store
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

        site = Site.from_settings()
        progress = Progress(heard=heard)
        expect_as_last_time(progress)
        backup = take_backup(
            site,
            store=open_store(site.store_url),
            now=timezone.now(),
            progress=progress,
        )
        run.result(url=backup.url, **numbers_of(backup))
        check_nothing_lost(backup)
    return backup.url


def show_progress(task, words: str) -> None:
    """For whoever asks for the task's state, and for Flower, which hears events."""
    if task.request.called_directly:
        return
    task.update_state(state="PROGRESS", meta={"progress": words})
    task.send_event("task-progress", result=words)
