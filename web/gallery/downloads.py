"""A gallery as one zip: streamed when it is small, else packed by a worker and kept."""

import logging
import shutil
import time
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.core.files import File
from django.core.files.storage import default_storage, storages
from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language, override
from django.utils.translation import gettext as _
from zipstream import ZipStream

from gallery.exceptions import DownloadFailed
from gallery.leases import claim, pause, write
from gallery.models import MOST_ATTEMPTS, Download, Gallery
from gallery.packing import (
    ZipEntry,
    entries_of,
    fingerprint,
    load_plan,
    note_of_missing,
    save_plan,
)
from gallery.queue import enqueue_download
from gallery.resumable import NO_ROOM

logger = logging.getLogger(__name__)

SMALL_BYTES = 200 * 1024 * 1024
KEPT_FOR = timedelta(days=3)
TRIED_AGAIN_AFTER = timedelta(minutes=1)
# One run of the task goes on for so long, then another one does. The last one stores
# the zip, which takes a while when that is in a bucket.
SLICE_SECONDS = 120
HARD_LIMIT_SECONDS = 540  # the broker gives a message out anew after 600
DOWNLOAD_RUN_IS_LOST_AFTER = timedelta(seconds=HARD_LIMIT_SECONDS + 30)
NOTE_EVERY_SECONDS = 1.0
COPY_BYTES = 1024 * 1024


class Movable(File):
    """A file that storages may move instead of copying it."""

    def __init__(self, path: Path):
        super().__init__(path.open("rb"), name=path.name)
        self._path = path

    def temporary_file_path(self) -> str:
        return str(self._path)


# --- Small ones -------------------------------------------------------------------


def is_small(entries: list[ZipEntry]) -> bool:
    """
    Whether it is made while it is sent. From a bucket it never is: all the bytes would
    pass through here, twice.
    """
    total = sum(entry.size_bytes for entry in entries)
    return total <= SMALL_BYTES and not settings.MEDIA_STORAGE_URL


def stream(entries: list[ZipEntry]) -> ZipStream:
    """The zip, as pieces of bytes; `len` of it is its exact size."""
    archive = ZipStream(sized=True)
    missing = []
    for entry in entries:
        try:
            archive.add_path(default_storage.path(entry.stored), entry.name)
        except FileNotFoundError:
            missing.append(entry.name)
    if missing:
        name, words = note_of_missing(missing)
        archive.add(words, name)
    return archive


# --- Asking for one ---------------------------------------------------------------


def request_download(
    gallery: Gallery, *, with_locations: bool = False, now: datetime
) -> Download:
    """
    The zip of the gallery as it is now: ready, under way, or just begun.

    The same content is packed once. Raises DownloadFailed for an empty gallery.
    """
    entries = entries_of(gallery, with_locations=with_locations)
    if not entries:
        raise DownloadFailed(_("There is no photo in this gallery yet."))
    download, is_new = Download.objects.get_or_create(
        gallery=gallery,
        fingerprint=fingerprint(entries),
        defaults={
            "has_locations": any(entry.has_location for entry in entries),
            "photo_count": len(entries),
            "size_bytes": sum(entry.size_bytes for entry in entries),
            "touched_at": now,
        },
    )
    if is_small(entries):
        return as_small(download, size_bytes=len(stream(entries)), now=now)
    if download.state == Download.State.READY and is_stored(download):
        Download.objects.filter(pk=download.pk).update(touched_at=now)
    elif is_new or may_begin_again(download, now=now):
        begin(download, now=now)
    return download


def as_small(download: Download, *, size_bytes: int, now: datetime) -> Download:
    """It is ready at any time, and nothing of it is kept."""
    download.state, download.packed_count = Download.State.READY, download.photo_count
    download.size_bytes = size_bytes
    download.touched_at = download.finished_at = now
    download.save()
    return download


def is_stored(download: Download) -> bool:
    return bool(download.file) and storages["downloads"].exists(download.file)


def may_begin_again(download: Download, *, now: datetime) -> bool:
    if download.state == Download.State.READY:
        return True  # its file is gone
    failed_at = download.finished_at
    if download.state != Download.State.FAILED or failed_at is None:
        return False
    return failed_at < now - TRIED_AGAIN_AFTER


def begin(download: Download, *, now: datetime) -> None:
    download.state, download.error, download.file = Download.State.WAITING, "", ""
    download.packed_count = download.attempts = 0
    download.touched_at, download.finished_at = now, None
    download.language = get_language() or ""
    download.save()
    enqueue_download(download)


def address_of(download: Download) -> str | None:
    """Where the zip comes from, once it is ready."""
    if download.state != Download.State.READY:
        return None
    if download.file:
        return reverse("gallery:download_file", args=[download.pk])
    return reverse("gallery:download", args=[download.gallery.slug])


# --- Packing ----------------------------------------------------------------------


def downloads_of(user) -> QuerySet:
    """The zips that this visitor may have."""
    galleries = Gallery.objects.visible_to(user)
    theirs = Gallery.objects.editable_by(user)
    told = Q(has_locations=False) | Q(gallery__shows_locations=True)
    return Download.objects.filter(
        told | Q(gallery__in=theirs), gallery__in=galleries
    ).select_related("gallery")


def lost_downloads(*, now: datetime) -> Q:
    return Q(touched_at__lt=now - DOWNLOAD_RUN_IS_LOST_AFTER)


def claim_download(
    download_id: str, *, worker: str, redelivered: bool, now: datetime
) -> Download | None:
    """The download, now this run's to pack; None when there is nothing to do."""
    download = claim(
        Download.objects.select_related("gallery").filter(pk=download_id),
        worker=worker,
        redelivered=redelivered,
        lost=lost_downloads(now=now),
        now=now,
    )
    if download is not None and download.attempts > MOST_ATTEMPTS:
        with override(download.language or None):
            words = _("The worker stopped %(times)s times while packing it.")
        fail_download(download, words % {"times": MOST_ATTEMPTS})
        return None
    return download


def pack(download: Download, *, clock: Callable[[], float] = time.monotonic) -> bool:
    """Go on with the claimed download. False when another run has to go on."""
    try:
        return Packing.of(download, clock=clock).run()
    except OSError as error:
        if error.errno not in NO_ROOM:
            raise
        fail_download(download, no_room())
    except DownloadFailed as error:
        fail_download(download, str(error))
    return True


def no_room() -> str:
    return _(
        "The server has no room for a zip of this gallery. Tell the site's operators, "
        "or download photos one by one."
    )


@dataclass
class Packing:
    """One run of the work on a zip, which grows in the folder of incoming files."""

    download: Download
    entries: list[ZipEntry]
    path: Path
    clock: Callable[[], float]

    @classmethod
    def of(cls, download: Download, *, clock: Callable[[], float]) -> "Packing":
        """
        Goes on only after a run that ended well: a killed one leaves a zip without
        its directory, so that is begun anew.
        """
        path, plan = places_of(download)
        try:
            if download.attempts == 1 and download.packed_count and path.exists():
                return cls(download, load_plan(plan), path, clock)
        except (FileNotFoundError, ValueError):
            pass
        path.unlink(missing_ok=True)
        entries = entries_of(download.gallery, with_locations=download.has_locations)
        save_plan(entries, plan)
        download.packed_count = 0
        packing = cls(download, entries, path, clock)
        packing.check_room()
        return packing

    def check_room(self) -> None:
        needed = sum(entry.size_bytes for entry in self.entries)
        if shutil.disk_usage(self.path.parent).free < needed:
            raise DownloadFailed(no_room())

    def run(self) -> bool:
        ends = noted = self.clock()
        ends += SLICE_SECONDS
        with zipfile.ZipFile(self.path, "a", zipfile.ZIP_STORED) as archive:
            for entry in self.entries[self.download.packed_count :]:
                put(entry, archive)
                self.download.packed_count += 1
                if self.clock() - noted >= NOTE_EVERY_SECONDS:
                    noted = self.clock()
                    if not self.note():
                        return True  # deleted, or another run has taken over
                if noted > ends:
                    break
            is_whole = self.download.packed_count == len(self.entries)
            if is_whole:
                self.add_note_of_missing(archive)
        if not is_whole:
            count = self.download.packed_count
            return not pause(self.download, made_headway=True, packed_count=count)
        self.finish()
        return True

    def note(self) -> bool:
        return write(self.download, packed_count=self.download.packed_count)

    def add_note_of_missing(self, archive: zipfile.ZipFile) -> None:
        packed = set(archive.namelist())
        missing = [entry.name for entry in self.entries if entry.name not in packed]
        if missing:
            archive.writestr(*note_of_missing(missing))

    def finish(self) -> None:
        if not self.note():
            return
        size_bytes = self.path.stat().st_size
        with Movable(self.path) as file:
            name = storages["downloads"].save(f"{self.download.pk}.zip", file)
        is_ours = write(
            self.download,
            state=Download.State.READY,
            run=None,
            file=name,
            size_bytes=size_bytes,
            photo_count=len(self.entries),
            packed_count=len(self.entries),
            finished_at=timezone.now(),
        )
        if is_ours:  # else another run writes there
            remove_leftovers(self.download)


def put(entry: ZipEntry, archive: zipfile.ZipFile) -> None:
    """Copy one original into the zip; what is missing is told at the end."""
    try:
        source = default_storage.open(entry.stored, "rb")
    except FileNotFoundError:
        logger.warning("%s is missing, so it is left out of a zip.", entry.stored)
        return
    info = zipfile.ZipInfo(entry.name, entry.at)  # type: ignore[arg-type]
    info.external_attr = 0o644 << 16
    info.file_size = entry.size_bytes  # decides whether it needs zip64
    with source, archive.open(info, "w") as target:
        shutil.copyfileobj(source, target, COPY_BYTES)


def places_of(download: Download) -> tuple[Path, Path]:
    """Of the zip that grows, and of the list of what goes into it."""
    folder = Path(settings.FILE_UPLOAD_TEMP_DIR)
    return folder / f"{download.pk}.zip", folder / f"{download.pk}.json"


def remove_leftovers(download: Download) -> None:
    for path in places_of(download):
        path.unlink(missing_ok=True)


def fail_download(download: Download, error: str) -> None:
    logger.warning("Download %s failed: %s", download.pk, error)
    write(
        download,
        state=Download.State.FAILED,
        run=None,
        error=error[:300],
        finished_at=timezone.now(),
    )
    remove_leftovers(download)
