"""Takes uploads in that are too much for a request: zips, photo by photo."""

import logging
from datetime import timedelta

from celery import shared_task
from celery.signals import worker_ready
from django.utils import timezone
from django.utils.translation import override

from gallery.leases import pause, release
from gallery.models import Upload
from gallery.queue import TAKE_IN_TASK, enqueue_upload
from gallery.upload_processing import HARD_LIMIT_SECONDS, claim_upload, take_in

logger = logging.getLogger(__name__)

TRIED_FOR = timedelta(hours=3)
SOFT_LIMIT_SECONDS = HARD_LIMIT_SECONDS - 30


@shared_task(
    bind=True,
    name=TAKE_IN_TASK,
    soft_time_limit=SOFT_LIMIT_SECONDS,
    time_limit=HARD_LIMIT_SECONDS,
)
def take_in_upload(self, upload_id: str) -> dict[str, str]:
    """Take an upload's photos in, for a minute; then another run goes on."""
    upload = claim_upload(
        upload_id,
        worker=self.request.hostname or "",
        redelivered=bool(self.request.delivery_info.get("redelivered")),
        now=timezone.now(),
    )
    if upload is None:
        return {"upload": upload_id, "outcome": "nothing to do"}
    try:
        with override(upload.owner.language or None):
            is_done = take_in(upload)
    except Exception:  # the sweeper sends it again
        pause(upload, made_headway=is_young(upload), results=upload.results)
        raise
    if not is_done:
        enqueue_upload(upload)
    files = f"{len(upload.results)} files"
    return {
        "upload": upload.name,
        "outcome": "done" if is_done else "goes on",
        "files": files,
    }


def is_young(upload: Upload) -> bool:
    """
    Whether an error does not count yet. A bucket that does not answer for an hour must
    cost nobody a zip of 2 GB; one that kills workers is given up after three.
    """
    return timezone.now() - upload.created_at < TRIED_FOR


@worker_ready.connect
def take_up_interrupted_uploads(sender, **_kwargs):
    """After `kill -9` of this worker its uploads need not wait for the sweeper."""
    mine = Upload.objects.filter(worker=sender.hostname)
    count = release(mine, send=enqueue_upload, now=timezone.now())
    if count:
        logger.warning("%s uploads of a worker that was killed go on.", count)
