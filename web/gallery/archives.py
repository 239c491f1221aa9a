"""Opens an uploaded zip without believing anything it says about itself."""

import errno
import lzma
import stat
import struct
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePosixPath
from typing import IO

from django.utils.translation import gettext as _

from gallery.exceptions import (
    DamagedZip,
    FileTooLarge,
    NoPhotoInZip,
    NoRoomLeft,
    PassedOver,
    UnsafePath,
    UploadRefused,
    ZipBomb,
    ZipInZip,
)
from gallery.side_files import (
    is_left_by_a_system,
    may_be_a_photo,
    nothing_but,
    passed_over,
)
from gallery.takeout import (
    MOST_SIDE_BYTES,
    SideName,
    side_file_of,
    side_files,
    taken_at,
)
from gallery.zip_names import ZipName, names_of

MOST_FILES = 5000
MOST_DIRECTORY_BYTES = 16 * 1024 * 1024  # read whole, before a file is counted
MOST_TIMES_LARGER = 100  # photos hardly compress: more than this is no photo
ZIP_SIGNATURES = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")
CHUNK_BYTES = 1024 * 1024
IS_ENCRYPTED = 0x1
KNOWN_METHODS = {
    zipfile.ZIP_STORED,
    zipfile.ZIP_DEFLATED,
    zipfile.ZIP_BZIP2,
    zipfile.ZIP_LZMA,
}
# What zipfile raises when the bytes are not what they should be. ValueError: a name
# that is not UTF-8, a place before the beginning. RuntimeError: a method or a version
# that it does not know.
READING_ERRORS = (
    zipfile.BadZipFile,
    ValueError,
    RuntimeError,
    IndexError,
    OverflowError,
    struct.error,
)
UNPACKING_ERRORS = (*READING_ERRORS, zlib.error, lzma.LZMAError, EOFError, OSError)


@dataclass(frozen=True)
class Member:
    """
    One file of a zip: its bytes, or why it is not taken.

    The last one has no name, and tells of all the files that were passed over.
    """

    name: str | None
    file: IO[bytes] | None = None
    refusal: UploadRefused | None = None
    taken_at: datetime | None = None  # as a side file has it
    notice: str = ""


def is_zip(file: IO[bytes]) -> bool:
    start = file.read(4)
    file.seek(0)
    return start in ZIP_SIGNATURES


def open_members(
    file: IO[bytes], *, limit_bytes: int, most_bytes: int | None = None, skip: int = 0
) -> Iterator[Member]:
    """
    Each file of the zip in `file`, one after the other, never two in memory.

    limit_bytes:  of one unpacked file.
    most_bytes:   of all of them together; ten times `limit_bytes` if it is not given.
    skip:         so many of the first ones were dealt with before.

    Raises DamagedZip, NoPhotoInZip and ZipBomb for the zip as a whole.
    """
    with opened(file) as archive:
        contents = Contents.of(archive)
        check_whole(contents, most_bytes=most_bytes or 10 * limit_bytes)
        for info, name in contents.photos[skip:]:
            yield from open_member(contents, info, name, limit_bytes=limit_bytes)
        words = passed_over(contents.others)
        if words and skip <= len(contents.photos):
            yield Member(name=None, refusal=PassedOver(words))


@dataclass(frozen=True)
class Contents:
    """What a zip holds, by the names alone."""

    archive: zipfile.ZipFile
    photos: list[tuple[zipfile.ZipInfo, ZipName]]
    others: list[str]  # told by their number; what systems leave behind is not
    sides: dict[SideName, int]  # places among all files

    @classmethod
    def of(cls, archive: zipfile.ZipFile) -> "Contents":
        infos = archive.infolist()
        names = names_of(infos)
        kept = [
            (info, name)
            for info, name in zip(infos, names, strict=True)
            if not is_left_by_a_system(name.text)
        ]
        photos = [(info, name) for info, name in kept if may_be_a_photo(name.text)]
        others = [name.text for _info, name in kept if not may_be_a_photo(name.text)]
        return cls(archive, photos, others, side_files(name.text for name in names))

    def taken_at(self, name: str) -> datetime | None:
        """By the side file of the photo `name`, if it has one that can be read."""
        place = side_file_of(name, self.sides)
        if place is None:
            return None
        info = self.archive.infolist()[place]
        if info.file_size > MOST_SIDE_BYTES or info.flag_bits & IS_ENCRYPTED:
            return None
        try:
            with self.archive.open(info) as file:
                return taken_at(file.read(MOST_SIDE_BYTES))
        except UNPACKING_ERRORS:
            return None


def opened(file: IO[bytes]) -> zipfile.ZipFile:
    try:
        check_directory(file)
        return zipfile.ZipFile(file)
    except READING_ERRORS as error:
        raise DamagedZip(
            _("The zip cannot be opened (%(why)s). Make it again and upload it again.")
            % {"why": error}
        ) from error


def check_directory(file: IO[bytes]) -> None:
    """The list of files at the end is read into memory at once: how long is it?"""
    end = zipfile._EndRecData(file)  # type: ignore[attr-defined]
    file.seek(0)
    if end and end[zipfile._ECD_SIZE] > MOST_DIRECTORY_BYTES:  # type: ignore[attr-defined]
        raise too_many(end[zipfile._ECD_ENTRIES_TOTAL])  # type: ignore[attr-defined]


def check_whole(contents: Contents, *, most_bytes: int) -> None:
    photos = contents.photos
    if not photos:
        refusal = NoPhotoInZip if contents.others else DamagedZip
        raise refusal(nothing_but(contents.others))
    if len(photos) > MOST_FILES:
        raise too_many(len(photos))
    total = sum(info.file_size for info, _name in photos)
    if total > most_bytes:
        raise ZipBomb(
            _(
                "Unpacked, the zip has %(total)s MB; at most %(most)s MB are taken. "
                "Make several zips."
            )
            % {"total": f"{total / 1e6:,.0f}", "most": f"{most_bytes / 1e6:,.0f}"}
        )


def too_many(count: int) -> ZipBomb:
    return ZipBomb(
        _(
            "The zip has %(count)s photos; at most %(most)s are taken at once. Make "
            "several zips."
        )
        % {"count": f"{count:,}", "most": f"{MOST_FILES:,}"}
    )


def open_member(
    contents: Contents, info: zipfile.ZipInfo, name: ZipName, *, limit_bytes: int
) -> Iterator[Member]:
    try:
        check_member(info, name.text, limit_bytes=limit_bytes)
        unpacked = unpack(contents.archive, info)
    except UploadRefused as refusal:
        yield Member(name=name.text, refusal=refusal)
        return
    notice = ""
    if name.is_garbled:
        notice = _("The zip does not say how its name is written; it may be garbled.")
    with unpacked:
        taken = contents.taken_at(name.text)
        yield Member(name.text, unpacked, taken_at=taken, notice=notice)


def check_member(info: zipfile.ZipInfo, name: str, *, limit_bytes: int) -> None:
    path = PurePosixPath(name)
    if not path.parts:  # "." or nothing at all
        raise UnsafePath(_("It has no name in the zip, so it was left out."))
    if path.is_absolute() or ".." in path.parts or ":" in path.parts[0]:
        raise UnsafePath(_("Its path leads out of the zip, so it was left out."))
    if stat.S_ISLNK(info.external_attr >> 16):
        raise UnsafePath(_("It is a link, not a file, so it was left out."))
    if info.flag_bits & IS_ENCRYPTED:
        raise DamagedZip(_("It is protected by a password. Make the zip without one."))
    if info.compress_type not in KNOWN_METHODS:
        raise DamagedZip(
            _(
                "It is packed by a method that is not known here (%(method)s). Make "
                "the zip with another program, or send the photo by itself."
            )
            % {"method": zipfile.compressor_names.get(info.compress_type, "?")}  # type: ignore[attr-defined]
        )
    if info.file_size > MOST_TIMES_LARGER * max(info.compress_size, 10_000):
        raise ZipBomb(
            _(
                "It grows from %(packed)s to %(size)s bytes, which no photo does, so "
                "it was left out."
            )
            % {"packed": f"{info.compress_size:,}", "size": f"{info.file_size:,}"}
        )
    if info.file_size > limit_bytes:
        raise FileTooLarge(
            _("It has %(size)s MB; at most %(limit)s MB are taken.")
            % {
                "size": f"{info.file_size / 1e6:,.0f}",
                "limit": f"{limit_bytes / 1e6:,.0f}",
            }
        )


def unpack(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> IO[bytes]:
    """The member's bytes, at most as many as the zip declared. Raises UploadRefused."""
    target = tempfile.SpooledTemporaryFile(max_size=4 * CHUNK_BYTES)  # noqa: SIM115
    try:
        with archive.open(info) as source:
            while chunk := source.read(CHUNK_BYTES):
                target.write(chunk)
    except UNPACKING_ERRORS as error:
        target.close()
        if getattr(error, "errno", None) in {errno.ENOSPC, errno.EDQUOT}:
            raise NoRoomLeft(
                _(
                    "The server has no room left to unpack it. Tell the site's "
                    "operators."
                )
            ) from error
        raise DamagedZip(
            _("It is damaged inside the zip (%(why)s).") % {"why": error}
        ) from error
    target.seek(0)
    if is_zip(target):
        target.close()
        raise ZipInZip(
            _("It is a zip inside the zip. Unpack it and upload it by itself.")
        )
    return target
