"""What runs, messages and people left behind: sent again, or deleted."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

from django.conf import settings
from django.core.files.storage import storages

from gallery.downloads import KEPT_FOR, lost_downloads
from gallery.leases import is_anything_forgotten, release, send_forgotten
from gallery.models import Download, Upload
from gallery.queue import enqueue_download, enqueue_upload
from gallery.resumable import ABANDONED_AFTER, cancel
from gallery.services import Requeued
from gallery.upload_processing import lost_uploads

logger = logging.getLogger(__name__)

RESULTS_KEPT_FOR = timedelta(days=7)
# A file without a row: its upload or download may just be about to be written down.
STRAY_AFTER = timedelta(hours=24)


def requeue_files(*, now: datetime) -> Requeued:
    """Send again the uploads and downloads whose message or worker was lost."""
    uploads, downloads = Upload.objects.all(), Download.objects.all()
    silent_uploads = uploads.filter(lost_uploads(now=now))
    silent_downloads = downloads.filter(lost_downloads(now=now))
    lost_runs = release(silent_uploads, send=enqueue_upload, now=now)
    lost_runs += release(silent_downloads, send=enqueue_download, now=now)
    if not is_anything_forgotten(uploads, downloads):
        return Requeued(lost_runs=lost_runs)
    lost_messages = send_forgotten(uploads, send=enqueue_upload, now=now)
    lost_messages += send_forgotten(downloads, send=enqueue_download, now=now)
    return Requeued(lost_messages=lost_messages, lost_runs=lost_runs)


@dataclass(frozen=True)
class SweptFiles:
    """How many of each were deleted."""

    abandoned: int
    ended: int
    downloads: int
    strays: int

    @property
    def anything(self) -> int:
        return self.abandoned + self.ended + self.downloads + self.strays

    def __str__(self) -> str:
        return (
            f"{self.abandoned} abandoned uploads, the records of {self.ended} ended "
            f"ones, {self.downloads} downloads and {self.strays} stray files"
        )


def sweep_files(*, now: datetime) -> SweptFiles:
    """Delete what nobody will come back for. Safe to run beside everything else."""
    return SweptFiles(
        abandoned=sweep_abandoned(now=now),
        ended=sweep_ended(now=now),
        downloads=sweep_downloads(now=now),
        strays=sweep_strays(now=now) + sweep_stray_zips(now=now),
    )


def sweep_abandoned(*, now: datetime) -> int:
    abandoned = Upload.objects.filter(
        state=Upload.State.RECEIVING, touched_at__lt=now - ABANDONED_AFTER
    )
    count = 0
    for upload in abandoned.iterator():
        cancel(upload)
        count += 1
    return count


def sweep_ended(*, now: datetime) -> int:
    ended = Upload.objects.filter(
        state__in=[Upload.State.DONE, Upload.State.FAILED],
        finished_at__lt=now - RESULTS_KEPT_FOR,
    )
    return ended.delete()[0]


def sweep_downloads(*, now: datetime) -> int:
    """The row first: a file without a row is swept later."""
    old = Download.objects.filter(
        state__in=[Download.State.READY, Download.State.FAILED],
        touched_at__lt=now - KEPT_FOR,
    )
    count = 0
    for download in old.iterator():
        download.delete()
        count += 1
        if download.file:
            storages["downloads"].delete(download.file)
    return count


def sweep_strays(*, now: datetime) -> int:
    """Files in the folder of incoming ones that belong to nothing that goes on."""
    count = 0
    for path in old_files(Path(settings.FILE_UPLOAD_TEMP_DIR), now=now):
        if not is_in_use(path):
            logger.warning("%s belongs to no upload, so it is deleted.", path)
            path.unlink(missing_ok=True)
            count += 1
    return count


def old_files(folder: Path, *, now: datetime) -> Iterator[Path]:
    before = (now - STRAY_AFTER).timestamp()
    for path in folder.glob("*"):
        try:
            facts = path.stat()
        except FileNotFoundError:
            continue
        if path.is_file() and facts.st_mtime < before:
            yield path


def is_in_use(path: Path) -> bool:
    pk = id_in(path.name)
    if pk is None:
        return False
    packing = [Download.State.WAITING, Download.State.WORKING]
    return (
        Upload.objects.running().filter(pk=pk).exists()
        or Download.objects.filter(pk=pk, state__in=packing).exists()
    )


def id_in(name: str) -> UUID | None:
    try:
        return UUID(name.split(".")[0])
    except ValueError:
        return None


def sweep_stray_zips(*, now: datetime) -> int:
    """Zips whose gallery was deleted, and their rows with it."""
    store = storages["downloads"]
    try:
        names = store.listdir("")[1]
    except FileNotFoundError:
        return 0  # nothing was ever packed
    count = 0
    for name in names:
        if Download.objects.filter(file=name).exists():
            continue
        changed = store.get_modified_time(name).astimezone(UTC)
        if changed < now - STRAY_AFTER:
            store.delete(name)
            count += 1
    return count
