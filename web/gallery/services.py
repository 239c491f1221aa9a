"""The life of a photo: claimed by a worker, drawn, finished; or sent again."""

import logging
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import Error
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override

from gallery.deleting import delete_files
from gallery.exceptions import StorageFault, UnreadablePhoto
from gallery.images import Renditions, draw_renditions
from gallery.models import MOST_ATTEMPTS, RUN_IS_LOST_AFTER, Photo
from gallery.photo_storage import OwnFiles, open_original, store_rendition
from gallery.queue import BROKER_ERRORS, enqueue, queue_length

logger = logging.getLogger(__name__)

NOTICE_LENGTH = 300  # as the model has it

# A full disk or a bucket that is away is left in peace for so long; then the photo
# counts as one whose message was lost, and is sent again a minute later.
STORAGE_RESTS = timedelta(minutes=4)


def claim_photo(
    photo_id: str, *, worker: str, redelivered: bool, now: datetime
) -> Photo | None:
    """
    The photo, now this run's to work on; None when there is nothing to do.

    redelivered: the broker gave this message out before, and that worker died.
    Whoever lost the race, comes too late or was deleted gets None.
    """
    State = Photo.State
    free = Q(state=State.WAITING)
    free |= Q(state=State.WORKING, started_at__lt=now - RUN_IS_LOST_AFTER)
    if redelivered:
        free |= Q(state=State.WORKING)
    run = uuid.uuid4()
    claimed = Photo.objects.filter(free, pk=photo_id).update(
        state=State.WORKING,
        run=run,
        worker=worker,
        started_at=now,
        attempts=F("attempts") + 1,
    )
    if not claimed:
        logger.info("Photo %s needs no work: done, deleted or claimed.", photo_id)
        return None
    photo = Photo.objects.select_related("owner").get(pk=photo_id, run=run)
    if photo.attempts > MOST_ATTEMPTS:
        with override(photo.owner.language or None):
            problem = _(
                "The worker stopped %(times)s times while drawing it, out of memory or "
                "time. Make it smaller and upload it again."
            )
        fail_photo(photo, problem % {"times": MOST_ATTEMPTS})
        return None
    return photo


def draw_photo(photo: Photo) -> None:
    """
    Draw and store the renditions of a claimed photo; the original is only read.

    Raises UnreadablePhoto after the photo was marked as failed with its text, and
    StorageFault after it was put back.
    """
    own = OwnFiles()
    try:
        with open_original(photo) as file:
            renditions = draw_renditions(file)
        preview = store_rendition(photo, "preview", renditions.preview)
        own.note(preview)
        thumbnail = store_rendition(photo, "thumbnail", renditions.thumbnail)
        own.note(thumbnail)
    except FileNotFoundError as error:
        fail_photo(photo, _("Its file is missing on the server. Upload it again."))
        raise UnreadablePhoto(str(error)) from error
    except UnreadablePhoto as error:
        fail_photo(photo, str(error))
        raise
    except (StorageFault, OSError) as error:
        put_back(photo, error, now=timezone.now())
        raise StorageFault(str(error)) from error
    ready = {"preview": preview, "thumbnail": thumbnail}
    try:
        is_ours = finish(
            photo,
            state=Photo.State.READY,
            placeholder=renditions.placeholder,
            **facts_of(photo, renditions),
            **ready,
        )
    except Error:  # a restore has put another database in place, or Postgres broke off
        own.remove_unless(Photo.objects.filter(pk=photo.pk, **ready).exists)
        raise
    if is_ours and own.are_elsewhere():
        draw_again(photo)
    if not is_ours and not Photo.objects.filter(pk=photo.pk).exists():
        delete_files([preview, thumbnail])


def draw_again(photo: Photo) -> None:
    """A restore of the files alone has taken away what was drawn."""
    logger.warning(
        "Photo %s was drawn into a folder that a restore replaced.", photo.pk
    )
    requeue(Photo.objects.filter(pk=photo.pk), now=timezone.now())


def facts_of(photo: Photo, renditions: Renditions) -> dict[str, Any]:
    """As it was drawn, so that a photo is listed as it is seen."""
    return {
        "width": renditions.width,
        "height": renditions.height,
        "notice": photo.notice if renditions.is_whole else with_what_is_missing(photo),
    }


def with_what_is_missing(photo: Photo) -> str:
    """The photo's notice, with why a part of it is grey."""
    words = _(
        "It is not complete: the file ends early or is damaged. Upload it again from "
        "the original."
    )
    before = photo.notice.replace(words, "").strip()
    return f"{words} {before}".strip()[:NOTICE_LENGTH]


def put_back(photo: Photo, error: Exception, *, now: datetime) -> None:
    """To be drawn later. The run does not count: no outage costs a photo."""
    logger.warning("Photo %s waits, and is sent again: %s", photo.pk, error)
    Photo.objects.filter(pk=photo.pk, run=photo.run).update(
        state=Photo.State.WAITING,
        run=None,
        attempts=F("attempts") - 1,
        queued_at=now + STORAGE_RESTS,
    )


def fail_photo(photo: Photo, error: str) -> None:
    logger.warning("Photo %s failed: %s", photo.pk, error)
    finish(photo, state=Photo.State.FAILED, error=error[:300])


def finish(photo: Photo, **fields) -> bool:
    """Write the end of this run. False when another one has taken the photo over."""
    written = Photo.objects.filter(pk=photo.pk, run=photo.run).update(
        finished_at=timezone.now(), run=None, **fields
    )
    if not written:
        logger.info("Photo %s was taken over or deleted meanwhile.", photo.pk)
    return bool(written)


@dataclass(frozen=True)
class Requeued:
    """How many photos were sent again, and why they had to be."""

    lost_messages: int = 0
    lost_runs: int = 0


def requeue_photos(*, now: datetime) -> Requeued:
    """
    Send again what a wiped broker forgot and what a killed worker left behind.

    While the queue holds a message for every waiting photo, nothing is lost and
    nothing is sent: a long queue does not grow by being swept. Those that were put
    back have none, and their time is yet to come.
    """
    lost_runs = release(Photo.objects.with_lost_run(now=now), now=now)
    sent = Photo.objects.filter(state=Photo.State.WAITING, queued_at__lte=now)
    waiting = sent.count()
    try:
        is_complete = queue_length() >= waiting
    except BROKER_ERRORS as error:
        logger.warning("The broker cannot be asked for its queue: %s", error)
        return Requeued(lost_runs=lost_runs)
    lost = [] if is_complete else list(Photo.objects.with_lost_message(now=now))
    for photo in lost:
        if not send_again(photo, now=now):
            break
    return Requeued(lost_messages=len(lost), lost_runs=lost_runs)


def requeue_interrupted(*, worker: str, now: datetime) -> int:
    """Send again what this worker, which has just started, left behind."""
    mine = Photo.objects.filter(state=Photo.State.WORKING, worker=worker)
    return release(mine, now=now)


def release(photos, *, now: datetime) -> int:
    """Give photos whose run is over back to the queue. Returns how many."""
    count = 0
    for photo in photos:
        released = Photo.objects.filter(
            pk=photo.pk, run=photo.run, state=Photo.State.WORKING
        ).update(state=Photo.State.WAITING, run=None, queued_at=now)
        if released:
            count += 1
            enqueue(photo)
    return count


def send_again(photo: Photo, *, now: datetime) -> bool:
    Photo.objects.filter(pk=photo.pk).update(queued_at=now)
    return enqueue(photo)


def requeue(photos, *, now: datetime) -> int:
    """Draw these again from their originals, however they ended. Returns how many."""
    again = list(photos.select_related(None).only("pk"))
    Photo.objects.filter(pk__in=[photo.pk for photo in again]).update(
        state=Photo.State.WAITING, run=None, attempts=0, error="", queued_at=now
    )
    for photo in again:
        if not enqueue(photo):  # the broker is away; the sweeper sends the rest
            break
    return len(again)
