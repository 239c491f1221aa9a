"""
What becomes of an upload whose bytes have all come: a photo at once, a zip by a worker.

The row says what is done; the file stays until the row says that all of it is.
"""

import logging
import os
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

from django.core.files import File
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import get_language, override
from django.utils.translation import gettext as _

from gallery.archives import Member, is_zip, open_members
from gallery.exceptions import UploadRefused
from gallery.leases import claim, pause, write
from gallery.models import MOST_ATTEMPTS, Photo, Upload
from gallery.photo_import import Result, accept_member, refused
from gallery.queue import enqueue_upload
from gallery.resumable import MEGABYTE, current, incoming_path, limit_mb

logger = logging.getLogger(__name__)

# One run of the task goes on for so long, then another one does: others get their turn.
SLICE_SECONDS = 60
HARD_LIMIT_SECONDS = 300
# A run tells that it lives with each photo; one that is silent for longer is gone.
UPLOAD_RUN_IS_LOST_AFTER = timedelta(seconds=HARD_LIMIT_SECONDS + 30)
REQUEST_IS_LOST_AFTER = timedelta(seconds=120)  # nginx gives one up after 110
NOTE_EVERY_SECONDS = 1.0


class IncomingFile(File):
    """A file that storages may move: it has a second name, which is theirs to take."""

    def __init__(self, path: Path, *, name: str):
        super().__init__(path.open("rb"), name=name)
        self._copy = path.with_name(f"{path.name}.move")
        try:
            self._copy.unlink(missing_ok=True)
            os.link(path, self._copy)
        except OSError:
            return  # without hard links it is copied
        self.temporary_file_path = lambda: str(self._copy)

    def close(self) -> None:
        super().close()
        self._copy.unlink(missing_ok=True)


def take_in_soon(upload: Upload) -> None:
    """
    A photo now; a zip is sent to a worker.

    Raises UploadExpired: nothing of it is left, and it has to be sent anew.
    """
    with incoming_path(upload).open("rb") as file:
        is_for_a_worker = is_zip(file)
    if is_for_a_worker:
        enqueue_upload(upload)
        return
    claimed = claim_upload(
        str(upload.pk), worker="", redelivered=False, now=timezone.now()
    )
    if claimed is None:
        return
    try:
        take_in(claimed)
    except Exception:
        logger.exception("Upload %s is left to a worker.", upload.pk)
        if not pause(claimed, made_headway=False):
            current(upload)  # raises where a restore has taken its row away
        enqueue_upload(claimed)


def lost_uploads(*, now: datetime) -> Q:
    """Requests have no name, and end sooner than a worker's runs."""
    of_requests = Q(worker="", touched_at__lt=now - REQUEST_IS_LOST_AFTER)
    return of_requests | Q(touched_at__lt=now - UPLOAD_RUN_IS_LOST_AFTER)


def claim_upload(
    upload_id: str, *, worker: str, redelivered: bool, now: datetime
) -> Upload | None:
    """The upload, now this run's to take in; None when there is nothing to do."""
    upload = claim(
        Upload.objects.select_related("gallery", "owner").filter(pk=upload_id),
        worker=worker,
        redelivered=redelivered,
        lost=lost_uploads(now=now),
        now=now,
    )
    if upload is None:
        logger.info("Upload %s needs no work: done, cancelled or claimed.", upload_id)
    elif upload.attempts > MOST_ATTEMPTS:
        with override(upload.owner.language or get_language()):
            problem = _(
                "The worker stopped %(times)s times at the same place, out of memory "
                "or time. What was taken before is safe; send the rest in another zip."
            )
        fail_upload(upload, problem % {"times": MOST_ATTEMPTS})
        return None
    return upload


def take_in(upload: Upload, *, clock: Callable[[], float] = time.monotonic) -> bool:
    """
    Take the claimed upload's photo or photos. False when another run has to go on.

    Whatever happens, `results` holds what was done, and no photo is taken twice.
    """
    path = incoming_path(upload)
    try:
        with path.open("rb") as file:
            zipped = is_zip(file)
        if zipped:
            return Unpacking(upload, clock=clock).run(path)
        with IncomingFile(path, name=upload.name) as photo:
            member = Member(name=None, file=photo)
            results = [taken(upload, member)]
    except FileNotFoundError:
        fail_upload(upload, _("Its file is missing on the server. Upload it again."))
        return True
    finish_upload(upload, results=[as_json(result) for result in results])
    return True


def taken(upload: Upload, member: Member) -> Result:
    result = accept_member(
        upload.gallery,
        member,
        zip_name=upload.name,
        owner=upload.owner,
        now=timezone.now(),
    )
    if result.status == "duplicate" and was_taken_before_a_break(upload, result.photo):
        message = _("Uploaded; its preview is being drawn.")
        return Result(result.name, "accepted", "accepted", message, result.photo)
    return result


def was_taken_before_a_break(upload: Upload, photo: Photo | None) -> bool:
    """Taken by a run of this upload that ended before it could note that."""
    if photo is None or upload.attempts < 2:
        return False
    noted = {result["photo"] for result in upload.results}
    return (
        photo.owner_id == upload.owner_id
        and photo.uploaded_at >= upload.created_at
        and str(photo.pk) not in noted
    )


class Unpacking:
    """One run of the work on a zip: goes on where the last one noted to be."""

    def __init__(self, upload: Upload, *, clock: Callable[[], float]):
        self._upload = upload
        self._clock = clock
        self._ends = clock() + SLICE_SECONDS
        self._noted = clock()

    def run(self, path: Path) -> bool:
        upload = self._upload
        try:
            with path.open("rb") as file:
                for member in open_members(
                    file,
                    limit_bytes=limit_mb(is_zip=False) * MEGABYTE,
                    most_bytes=2 * limit_mb(is_zip=True) * MEGABYTE,
                    skip=len(upload.results),
                ):
                    upload.results.append(as_json(taken(upload, member)))
                    if not self._note():
                        return True  # cancelled, or another run has taken over
                    if self._clock() > self._ends:
                        return not pause(
                            upload, made_headway=True, results=upload.results
                        )
        except UploadRefused as refusal:
            upload.results.append(as_json(refused(upload.name, refusal)))
        finish_upload(upload, results=upload.results)
        return True

    def _note(self) -> bool:
        """A sign of life, now and then. False when this run has lost the upload."""
        now = self._clock()
        if now - self._noted < NOTE_EVERY_SECONDS:
            return True
        self._noted = now
        return write(self._upload, results=self._upload.results)


def as_json(result: Result) -> dict:
    return {
        "name": result.name,
        "status": result.status,
        "code": result.code,
        "message": str(result.message),
        "photo": str(result.photo.pk) if result.photo else None,
    }


def finish_upload(upload: Upload, *, results: list[dict]) -> None:
    """The row first: a file that is left over is swept, a missing one is a loss."""
    ended = write(
        upload,
        results=results,
        state=Upload.State.DONE,
        run=None,
        finished_at=timezone.now(),
    )
    if ended:
        incoming_path(upload).unlink(missing_ok=True)


def fail_upload(upload: Upload, error: str) -> None:
    logger.warning("Upload %s failed: %s", upload.pk, error)
    ended = write(
        upload,
        state=Upload.State.FAILED,
        error=error[:300],
        run=None,
        finished_at=timezone.now(),
    )
    if ended:
        incoming_path(upload).unlink(missing_ok=True)
