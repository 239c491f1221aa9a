"""Opens an uploaded zip without believing anything it says about itself."""

import stat
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import IO

from gallery.exceptions import (
    DamagedZip,
    FileTooLarge,
    UnsafePath,
    UploadRefused,
    ZipBomb,
    ZipInZip,
)

MOST_FILES = 2000
MOST_TIMES_LARGER = 100  # photos hardly compress: more than this is no photo
ZIP_SIGNATURES = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")
CHUNK_BYTES = 1024 * 1024
UNPACKING_ERRORS = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    OSError,
    NotImplementedError,
    RuntimeError,
)


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


def open_members(file: IO[bytes], *, limit_bytes: int) -> Iterator[Member]:
    """
    Each file of the zip in `file`, one after the other, never two in memory.

    limit_bytes: of one unpacked file; all of them together may have ten times that.

    Raises DamagedZip and ZipBomb for the zip as a whole.
    """
    try:
        with zipfile.ZipFile(file) as archive:
            infos = [info for info in archive.infolist() if is_wanted(info)]
            check_whole(infos, limit_bytes=limit_bytes)
            for info in infos:
                yield from open_member(archive, info, limit_bytes=limit_bytes)
    except zipfile.BadZipFile as error:
        raise DamagedZip(
            f"The zip cannot be opened ({error}). Make it again and upload it again."
        ) from error


def is_wanted(info: zipfile.ZipInfo) -> bool:
    """Not a folder, and not what macOS and others put in beside the photos."""
    path = PurePosixPath(info.filename)
    hidden = path.name.startswith(".") and path.name != ".."
    return not (info.is_dir() or hidden or "__MACOSX" in path.parts)


def check_whole(infos: list[zipfile.ZipInfo], *, limit_bytes: int) -> None:
    if not infos:
        raise DamagedZip("The zip is empty: there is no file in it.")
    if len(infos) > MOST_FILES:
        raise ZipBomb(
            f"The zip has {len(infos):,} files; at most {MOST_FILES:,} are taken at "
            "once. Make several zips."
        )
    total = sum(info.file_size for info in infos)
    if total > 10 * limit_bytes:
        raise ZipBomb(
            f"Unpacked, the zip has {total / 1e6:,.0f} MB; at most "
            f"{10 * limit_bytes / 1e6:,.0f} MB are taken. Make several zips."
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
    if path.is_absolute() or ".." in path.parts or ":" in path.parts[0]:
        raise UnsafePath("Its path leads out of the zip, so it was left out.")
    if stat.S_ISLNK(info.external_attr >> 16):
        raise UnsafePath("It is a link, not a file, so it was left out.")
    if info.flag_bits & 0x1:
        raise DamagedZip("It is protected by a password. Make the zip without one.")
    if info.file_size > MOST_TIMES_LARGER * max(info.compress_size, 10_000):
        raise ZipBomb(
            f"It grows from {info.compress_size:,} to {info.file_size:,} bytes, "
            "which no photo does, so it was left out."
        )
    if info.file_size > limit_bytes:
        raise FileTooLarge(
            f"It has {info.file_size / 1e6:,.0f} MB; at most "
            f"{limit_bytes / 1e6:,.0f} MB are taken."
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
        raise DamagedZip(f"It is damaged inside the zip ({error}).") from error
    target.seek(0)
    if is_zip(target):
        target.close()
        raise ZipInZip("It is a zip inside the zip. Unpack it and upload it by itself.")
    return target
