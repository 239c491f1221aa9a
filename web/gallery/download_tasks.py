"""Packs galleries that are too large to be sent while they are packed."""

import logging

from celery import shared_task
from celery.signals import worker_ready
from django.utils import timezone
from django.utils.translation import override

from gallery.downloads import HARD_LIMIT_SECONDS, claim_download, pack
from gallery.leases import pause, release
from gallery.models import Download
from gallery.queue import PACK_TASK, enqueue_download

logger = logging.getLogger(__name__)


@shared_task(
    bind=True,
    name=PACK_TASK,
    soft_time_limit=HARD_LIMIT_SECONDS - 30,
    time_limit=HARD_LIMIT_SECONDS,
)
def pack_download(self, download_id: str) -> dict[str, str]:
    """Pack a gallery's zip, for two minutes; then another run goes on."""
    download = claim_download(
        download_id,
        worker=self.request.hostname or "",
        redelivered=bool(self.request.delivery_info.get("redelivered")),
        now=timezone.now(),
    )
    if download is None:
        return {"download": download_id, "outcome": "nothing to do"}
    try:
        with override(download.language or None):
            is_done = pack(download)
    except Exception:  # the sweeper sends it again, and gives up in the end
        pause(download, made_headway=False)
        raise
    if not is_done:
        enqueue_download(download)
    photos = f"{download.packed_count} of {download.photo_count}"
    outcome = "done" if is_done else "goes on"
    return {"gallery": str(download.gallery), "outcome": outcome, "photos": photos}


@worker_ready.connect
def take_up_interrupted_downloads(sender, **_kwargs):
    """After `kill -9` of this worker its zips need not wait for the sweeper."""
    mine = Download.objects.filter(worker=sender.hostname)
    count = release(mine, send=enqueue_download, now=timezone.now())
    if count:
        logger.warning("%s zips of a worker that was killed go on.", count)
