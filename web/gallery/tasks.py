import logging

from celery import shared_task
from celery.exceptions import SoftTimeLimitExceeded
from celery.signals import worker_ready
from django.db import Error
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override

from gallery import download_tasks, upload_tasks  # noqa: F401  # Celery looks here
from gallery.exceptions import StorageFault, UnreadablePhoto
from gallery.models import Photo
from gallery.queue import TASK
from gallery.services import claim_photo, draw_photo, fail_photo, requeue_interrupted

logger = logging.getLogger(__name__)

SOFT_LIMIT_SECONDS = 45
HARD_LIMIT_SECONDS = 60  # models.RUN_IS_LOST_AFTER is longer


@shared_task(
    bind=True,
    name=TASK,
    soft_time_limit=SOFT_LIMIT_SECONDS,
    time_limit=HARD_LIMIT_SECONDS,
    throws=(UnreadablePhoto, StorageFault),
)
def make_renditions(self, photo_id: str) -> dict[str, str]:
    """Draw one photo's preview and thumbnail. A second run finds nothing to do."""
    photo = claim_photo(
        photo_id,
        worker=self.request.hostname or "",
        redelivered=bool(self.request.delivery_info.get("redelivered")),
        now=timezone.now(),
    )
    if photo is None:
        return {"photo": photo_id, "outcome": "nothing to do"}

    with override(photo.owner.language or None):
        draw(photo)
    return {
        "photo": photo.name,
        "outcome": "ready",
        "size": f"{photo.width} × {photo.height}",
    }


def draw(photo: Photo) -> None:
    """However it ends, the row says so, unless the worker is killed."""
    try:
        draw_photo(photo)
    except (UnreadablePhoto, StorageFault):
        raise
    except Error:  # no word of it can be written down now: the sweeper sends it again
        logger.warning("Photo %s lost the database while it was drawn.", photo.pk)
        raise
    except SoftTimeLimitExceeded:
        problem = _(
            "Drawing it took longer than %(seconds)s s. Make it smaller and upload it "
            "again."
        )
        fail_photo(photo, problem % {"seconds": SOFT_LIMIT_SECONDS})
        raise
    except Exception:
        problem = _("It could not be drawn; the site's operators can see why.")
        fail_photo(photo, problem)
        raise


@worker_ready.connect
def take_up_interrupted_work(sender, **_kwargs):
    """After `kill -9` of this worker its photos need not wait for the sweeper."""
    count = requeue_interrupted(worker=sender.hostname, now=timezone.now())
    if count:
        logger.warning("%s photos of a worker that was killed are sent again.", count)
