"""
The bytes of uploads on their way in: each in one file that grows at its end.

The file and the row may disagree after a crash. What both have is what has come.
"""

import errno
import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import IO, Protocol

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from gallery.archives import ZIP_SIGNATURES
from gallery.exceptions import (
    UploadBusy,
    UploadExpired,
    UploadTooLarge,
    WrongOffset,
)
from gallery.models import Upload
from gallery.quota import check_floor, check_quota, check_room, no_room
from socle.core.unicode_text import one_line

ABANDONED_AFTER = timedelta(hours=24)
READ_BYTES = 256 * 1024
MEGABYTE = 1024 * 1024
NO_ROOM = {errno.ENOSPC, errno.EDQUOT}


class Stream(Protocol):
    def read(self, size: int, /) -> bytes: ...


def incoming_path(upload: Upload) -> Path:
    return Path(settings.FILE_UPLOAD_TEMP_DIR) / str(upload.pk)


@transaction.atomic
def begin(*, gallery, owner, name: str, size_bytes: int, now: datetime) -> Upload:
    """
    A new upload, of which nothing has come.

    Raises UploadTooLarge, TooManyUploads and DiskFull: better now than after an hour of
    sending.
    """
    check_size(name, size_bytes)
    folder = Path(settings.FILE_UPLOAD_TEMP_DIR)
    folder.mkdir(parents=True, exist_ok=True)
    # One person's uploads one after the other: two at once would find the same quota.
    type(owner).objects.select_for_update(no_key=True).get(pk=owner.pk)
    check_quota(owner, size_bytes=size_bytes)
    check_room(size_bytes)
    upload = Upload.objects.create(
        gallery=gallery,
        owner=owner,
        name=one_line(name)[:1000] or "unnamed",
        size_bytes=size_bytes,
        created_at=now,
        touched_at=now,
    )
    incoming_path(upload).touch()
    return upload


def limit_mb(*, is_zip: bool) -> int:
    return settings.UPLOAD_ZIP_LIMIT_MB if is_zip else settings.UPLOAD_LIMIT_MB


def check_size(name: str, size_bytes: int) -> None:
    limit = limit_mb(is_zip=name.lower().endswith(".zip"))
    if size_bytes > limit * MEGABYTE:
        raise UploadTooLarge(
            _("It has %(size)s MB; at most %(limit)s MB are taken.")
            % {"size": f"{size_bytes / MEGABYTE:,.1f}", "limit": limit}
        )


def offset_of(upload: Upload) -> int:
    """How many bytes have surely come: as many as the row and the file both know."""
    if upload.state != Upload.State.RECEIVING:
        return upload.received_bytes  # its file may be gone by now
    return min(upload.received_bytes, size_of(incoming_path(upload)))


def size_of(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def expires_at(upload: Upload) -> datetime:
    return upload.touched_at + ABANDONED_AFTER


def receive(
    upload: Upload, stream: Stream, *, offset: int, length: int, now: datetime
) -> Upload:
    """
    Append `length` bytes of `stream` at `offset`; fewer when the sender breaks off.

    Returns the upload as it is now; with its last byte it is waiting to be taken in.

    Raises UploadExpired, UploadBusy, WrongOffset, UploadTooLarge and DiskFull. What
    came before that is kept.
    """
    check_state(upload, now=now)
    with alone_with(upload) as file:
        upload = current(upload)  # another request may have gone on with it
        check_state(upload, now=now)
        check_chunk(upload, file, offset=offset, length=length)
        check_floor(length)
        forget_behind(upload, file, offset=offset)
        try:
            append(file, stream, length=length)
        finally:
            keep(file)
            note_received(upload, file, now=now)
    return upload


def current(upload: Upload) -> Upload:
    try:
        return Upload.objects.select_related("gallery").get(pk=upload.pk)
    except Upload.DoesNotExist as error:
        raise UploadExpired(_("The upload was cancelled.")) from error


def check_state(upload: Upload, *, now: datetime) -> None:
    if upload.state != Upload.State.RECEIVING:
        raise WrongOffset(_("All of it has come already."))
    if expires_at(upload) <= now:
        raise UploadExpired(
            _("Nothing came for a day, so the upload was given up. Send it anew.")
        )


@contextmanager
def alone_with(upload: Upload) -> Iterator[IO[bytes]]:
    """Its file, for this request alone. The kernel unlocks it however we end."""
    flags = os.O_RDWR | os.O_CREAT
    with os.fdopen(os.open(incoming_path(upload), flags, 0o644), "r+b", 0) as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise UploadBusy(
                _("Another request sends this upload. Try again in some seconds.")
            ) from error
        yield file


def check_chunk(upload: Upload, file: IO[bytes], *, offset: int, length: int) -> None:
    expected = min(upload.received_bytes, os.fstat(file.fileno()).st_size)
    if offset != expected:
        raise WrongOffset(
            _("%(expected)s bytes have come, so the next chunk begins there.")
            % {"expected": expected}
        )
    if offset + length > upload.size_bytes:
        raise UploadTooLarge(
            _("The chunk leads past the %(size)s bytes that were announced.")
            % {"size": upload.size_bytes}
        )


def forget_behind(upload: Upload, file: IO[bytes], *, offset: int) -> None:
    """Row and file agree again, before anything is written."""
    file.truncate(offset)
    file.seek(offset)
    if upload.received_bytes != offset:
        Upload.objects.filter(pk=upload.pk).update(received_bytes=offset)


def append(file: IO[bytes], stream: Stream, *, length: int) -> None:
    """Raises DiskFull. A sender that breaks off is no error here: it comes back."""
    while length > 0:
        try:
            piece = stream.read(min(READ_BYTES, length))
        except OSError:  # django.http.UnreadablePostError is one
            return
        if not piece:
            return
        write_all(file, piece)
        length -= len(piece)


def write_all(file: IO[bytes], piece: bytes) -> None:
    rest = memoryview(piece)
    while rest:
        try:
            rest = rest[file.write(rest) :]
        except OSError as error:
            if error.errno in NO_ROOM:
                raise no_room() from error
            raise


def keep(file: IO[bytes]) -> None:
    """On the disk before the row says so. Some tell only now that they are full."""
    try:
        os.fsync(file.fileno())
    except OSError as error:
        if error.errno in NO_ROOM:
            raise no_room() from error
        raise


def note_received(upload: Upload, file: IO[bytes], *, now: datetime) -> None:
    """
    Raises UploadTooLarge for what turns out to be no zip and is larger than a photo
    may be. An upload that was cancelled meanwhile is not there any more.
    """
    received = os.fstat(file.fileno()).st_size
    too_large = is_no_zip_after_all(upload, file)
    upload.received_bytes, upload.touched_at = received, now
    if too_large:
        upload.state, upload.error = Upload.State.FAILED, too_large
        upload.finished_at = now
    elif received == upload.size_bytes:
        upload.state = Upload.State.WAITING
    fields = ["received_bytes", "touched_at", "state", "error", "finished_at"]
    values = {field: getattr(upload, field) for field in fields}
    if not Upload.objects.filter(pk=upload.pk).update(**values):
        raise UploadExpired(_("The upload was cancelled."))
    if too_large:
        incoming_path(upload).unlink(missing_ok=True)
        raise UploadTooLarge(too_large)


def is_no_zip_after_all(upload: Upload, file: IO[bytes]) -> str:
    limit = limit_mb(is_zip=False)
    file.seek(0)
    start = file.read(4)
    if len(start) < 4 or upload.size_bytes <= limit * MEGABYTE:
        return ""
    if start in ZIP_SIGNATURES:
        return ""
    return _("It is no zip, and a photo may have %(limit)s MB at most.") % {
        "limit": limit
    }


def cancel(upload: Upload) -> None:
    """The row first: whoever still writes or unpacks it finds that it is gone."""
    Upload.objects.filter(pk=upload.pk).delete()
    incoming_path(upload).unlink(missing_ok=True)
