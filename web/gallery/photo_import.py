"""Takes uploaded files in, one by one: a bad one never stops the rest."""

import errno
import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import IO, Literal

from django.conf import settings
from django.core.files import File
from django.db import Error, IntegrityError, transaction
from django.utils.translation import gettext as _

from gallery.archives import Member, is_zip, open_members
from gallery.deleting import delete_files
from gallery.exceptions import (
    EmptyFile,
    FileTooLarge,
    NoRoomLeft,
    PassedOver,
    UploadRefused,
)
from gallery.headers import ImageFacts, read_facts
from gallery.models import NAME_LENGTH, Gallery, Photo, new_position
from gallery.photo_storage import OwnFiles, store_without_location
from gallery.queue import enqueue
from socle.core.unicode_text import one_line

CHUNK_BYTES = 1024 * 1024
NOTICE_LENGTH = 300  # as the model has it
WRONG_CLOCK_AFTER = timedelta(days=1)  # photos are not taken later than tomorrow


@dataclass(frozen=True)
class Result:
    """What became of one file, in words for its uploader."""

    name: str
    status: Literal["accepted", "duplicate", "rejected", "passed_over"]
    code: str
    message: str
    photo: Photo | None = None


def accept_uploads(
    gallery: Gallery, files: Iterable[File], *, owner, now: datetime
) -> list[Result]:
    """Store each photo, zips unpacked, and queue its renditions."""
    return [
        result
        for number, file in enumerate(files)
        for result in accept_upload(
            # So that those without a date keep the order in which they were sent.
            gallery,
            file,
            owner=owner,
            now=now + timedelta(milliseconds=10 * number),
        )
    ]


def accept_upload(
    gallery: Gallery, file: File, *, owner, now: datetime
) -> Iterator[Result]:
    accept = partial(accept_photo, gallery, owner=owner)
    name = file.name or "unnamed"
    try:
        check_size(file)
        if not is_zip(file):
            yield accept(file, name=name, now=now)
            return
        for number, member in enumerate(open_members(file, limit_bytes=limit_bytes())):
            moment = now + timedelta(microseconds=number)
            yield accept_member(gallery, member, zip_name=name, owner=owner, now=moment)
    except UploadRefused as refusal:
        yield refused(name, refusal)


def accept_member(
    gallery: Gallery, member: Member, *, zip_name: str, owner, now: datetime
) -> Result:
    """A photo out of a zip, or why it is none."""
    name = f"{zip_name}/{member.name}" if member.name is not None else zip_name
    if member.file is None:
        return refused(name, member.refusal)
    return accept_photo(
        gallery,
        member.file if isinstance(member.file, File) else File(member.file),
        name=name,
        owner=owner,
        now=now,
        taken_at=member.taken_at,
        notice=member.notice,
    )


def refused(name: str, refusal: UploadRefused | None) -> Result:
    refusal = refusal or UploadRefused(_("It cannot be read."))
    passed_over = isinstance(refusal, PassedOver)
    status: Literal["passed_over", "rejected"]
    status = "passed_over" if passed_over else "rejected"
    return Result(clean_name(name), status, refusal.code, str(refusal))


def accept_photo(
    gallery: Gallery,
    file: File,
    *,
    name: str,
    owner,
    now: datetime,
    taken_at: datetime | None = None,
    notice: str = "",
) -> Result:
    """
    Check one photo, store it and queue it. Never raises for what the file is.

    taken_at:  where the photo itself does not say it.
    notice:    what its uploader should know besides.
    """
    try:
        check_size(file)
        facts = read_facts(file, name=name)
        digest = sha256_of(file)
        known = gallery.photos.filter(sha256=digest).first()
        if known is not None:
            return duplicate(name, known)
        photo = new_photo(facts, name=name, now=now, taken_at=taken_at)
        photo.notice = f"{photo.notice} {notice}".strip()[:NOTICE_LENGTH]
        photo.gallery, photo.owner = gallery, owner
        photo.sha256, photo.size_bytes = digest, file.size
        return store_photo(photo, file, facts, name=name)
    except UploadRefused as refusal:
        return refused(name, refusal)


def new_photo(
    facts: ImageFacts, *, name: str, now: datetime, taken_at: datetime | None
) -> Photo:
    """What its header says of it, else its side file; nobody's yet."""
    taken_at = facts.taken_at or taken_at
    if taken_at is not None and taken_at > now + WRONG_CLOCK_AFTER:
        taken_at = None
    return Photo(
        name=clean_name(name),
        content_type=facts.content_type,
        width=facts.width,
        height=facts.height,
        taken_at=taken_at,
        camera=facts.camera,
        position=new_position(taken_at=taken_at, uploaded_at=now, name=name),
        notice=notice_about(name, facts),
        uploaded_at=now,
        queued_at=now,
    )


def store_photo(photo: Photo, file: File, facts: ImageFacts, *, name: str) -> Result:
    file.seek(0)
    own = OwnFiles()
    try:
        photo.original.save(f"original.{facts.endings[0]}", file, save=False)
        store_without_location(photo, file)
    except OSError as error:
        delete_files([str(photo.original)])
        if error.errno not in {errno.ENOSPC, errno.EDQUOT}:
            raise
        raise NoRoomLeft(
            _(
                "The server has no room left for it. Tell the site's operators; "
                "what is stored already is safe."
            )
        ) from error
    for stored in (photo.original, photo.without_location):
        if stored:
            own.note(str(stored))
    try:
        with transaction.atomic():
            photo.save(force_insert=True)
            transaction.on_commit(partial(enqueue, photo))
    except IntegrityError:  # the same photo came in by another request meanwhile
        delete_files([str(photo.original), str(photo.without_location)])
        known = Photo.objects.filter(gallery=photo.gallery, sha256=photo.sha256).first()
        if known is None:
            raise UploadRefused(_("The gallery was deleted meanwhile.")) from None
        return duplicate(name, known)
    except Error:  # a restore has put another database in place, or Postgres broke off
        own.remove_unless(Photo.objects.filter(pk=photo.pk).exists)
        raise
    message = photo.notice or _("Uploaded; its preview is being drawn.")
    return Result(photo.name, "accepted", "accepted", message, photo)


def duplicate(name: str, known: Photo) -> Result:
    message = _("This photo is in the gallery already, as %(name)s.")
    message %= {"name": known.name}
    return Result(clean_name(name), "duplicate", "duplicate", message, known)


def limit_bytes() -> int:
    return settings.UPLOAD_LIMIT_MB * 1024 * 1024


def check_size(file: File) -> None:
    if not file.size:
        raise EmptyFile(
            _(
                "The file is empty (0 bytes). Upload it again from the original; "
                "a copy may not have been finished."
            )
        )
    if file.size > limit_bytes():
        problem = _("It has %(found)s MB; at most %(limit)s MB are taken.")
        found = f"{file.size / 1024 / 1024:,.1f}"
        raise FileTooLarge(
            problem % {"found": found, "limit": settings.UPLOAD_LIMIT_MB}
        )


def sha256_of(file: IO[bytes]) -> str:
    digest = hashlib.sha256()
    file.seek(0)
    while chunk := file.read(CHUNK_BYTES):
        digest.update(chunk)
    return digest.hexdigest()


def clean_name(name: str) -> str:
    """The file's own name: without folders and what turns or hides text, shortened."""
    base = one_line(name.replace("\\", "/").rsplit("/", 1)[-1])
    if not base.strip(" ."):
        return "unnamed"
    if base.startswith(".") and base.count(".") == 1:  # an ending alone
        base = f"unnamed{base}"
    if len(base) <= NAME_LENGTH:
        return base
    stem, dot, ending = base.rpartition(".")
    if not dot or len(ending) > 10:
        return base[: NAME_LENGTH - 1] + "…"
    return stem[: NAME_LENGTH - len(ending) - 2] + "…." + ending


def notice_about(name: str, facts: ImageFacts) -> str:
    """What the uploader should know of a photo that is taken all the same."""
    notices = []
    cleaned = clean_name(name)
    ending = cleaned.rsplit(".", 1)[-1].lower() if "." in cleaned else ""
    if ending not in facts.endings:
        said = _("Its name has no ending; it is a %(format)s file and kept as that.")
        if ending:
            said = _(
                "Its name ends in .%(ending)s, but it is a %(format)s file; "
                "it is kept as that."
            )
        notices.append(said % {"ending": ending, "format": facts.format})
    if len(name.rsplit("/", 1)[-1]) > NAME_LENGTH:
        notice = _("Its name was shortened to %(length)s characters.")
        notices.append(notice % {"length": NAME_LENGTH})
    return " ".join(notices)
