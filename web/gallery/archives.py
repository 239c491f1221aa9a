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
from pathlib import PurePosixPath
from typing import IO

from django.utils.translation import gettext as _

from gallery.exceptions import (
    DamagedZip,
    FileTooLarge,
    NoRoomLeft,
    UnsafePath,
    UploadRefused,
    ZipBomb,
    ZipInZip,
)

MOST_FILES = 5000
MOST_DIRECTORY_BYTES = 16 * 1024 * 1024  # read whole, before a file is counted
MOST_TIMES_LARGER = 100  # photos hardly compress: more than this is no photo
ZIP_SIGNATURES = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")
CHUNK_BYTES = 1024 * 1024
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
    """One file of a zip: its bytes, or why it is not taken."""

    name: str
    file: IO[bytes] | None
    refusal: UploadRefused | None


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

    Raises DamagedZip and ZipBomb for the zip as a whole.
    """
    with opened(file) as archive:
        infos = [info for info in archive.infolist() if is_wanted(info)]
        check_whole(infos, most_bytes=most_bytes or 10 * limit_bytes)
        for info in infos[skip:]:
            yield from open_member(archive, info, limit_bytes=limit_bytes)


def opened(file: IO[bytes]) -> zipfile.ZipFile:
    try:
        check_directory(file)
        return zipfile.ZipFile(file)
    except READING_ERRORS as error:
        raise DamagedZip(
            _("The zip cannot be opened (%(why)s). Make it again and upload it again.")
            % {"why": error}
        ) from error


def is_wanted(info: zipfile.ZipInfo) -> bool:
    """Not a folder, and not what macOS and others put in beside the photos."""
    path = PurePosixPath(info.filename)
    hidden = path.name.startswith(".") and path.name != ".."
    is_folder = info.filename.endswith("/")  # is_dir() stumbles over an empty name
    return not (is_folder or hidden or "__MACOSX" in path.parts)


def check_directory(file: IO[bytes]) -> None:
    """The list of files at the end is read into memory at once: how long is it?"""
    end = zipfile._EndRecData(file)  # type: ignore[attr-defined]
    file.seek(0)
    if end and end[zipfile._ECD_SIZE] > MOST_DIRECTORY_BYTES:  # type: ignore[attr-defined]
        raise too_many(end[zipfile._ECD_ENTRIES_TOTAL])  # type: ignore[attr-defined]


def check_whole(infos: list[zipfile.ZipInfo], *, most_bytes: int) -> None:
    if not infos:
        raise DamagedZip(_("The zip is empty: there is no file in it."))
    if len(infos) > MOST_FILES:
        raise too_many(len(infos))
    total = sum(info.file_size for info in infos)
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
            "The zip has %(count)s files; at most %(most)s are taken at once. Make "
            "several zips."
        )
        % {"count": f"{count:,}", "most": f"{MOST_FILES:,}"}
    )


def open_member(
    archive: zipfile.ZipFile, info: zipfile.ZipInfo, *, limit_bytes: int
) -> Iterator[Member]:
    try:
        check_member(info, limit_bytes=limit_bytes)
        unpacked = unpack(archive, info)
    except UploadRefused as refusal:
        yield Member(name=info.filename, file=None, refusal=refusal)
        return
    with unpacked:
        yield Member(name=info.filename, file=unpacked, refusal=None)


def check_member(info: zipfile.ZipInfo, *, limit_bytes: int) -> None:
    path = PurePosixPath(info.filename.replace("\\", "/"))
    if not path.parts:  # "." or nothing at all
        raise UnsafePath(_("It has no name in the zip, so it was left out."))
    if path.is_absolute() or ".." in path.parts or ":" in path.parts[0]:
        raise UnsafePath(_("Its path leads out of the zip, so it was left out."))
    if stat.S_ISLNK(info.external_attr >> 16):
        raise UnsafePath(_("It is a link, not a file, so it was left out."))
    if info.flag_bits & 0x1:
        raise DamagedZip(_("It is protected by a password. Make the zip without one."))
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
