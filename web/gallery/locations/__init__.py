"""
Where a photo was taken, and copies of it that do not tell.

A copy has the same pixels, bytes and size; only what names a place is blanked. Every
block that may name one is read: EXIF, XMP, IPTC, those of pictures within the picture,
in JPEG, PNG, WebP, GIF, TIFF, HEIC and AVIF. What nobody here can read, such as the
notes of the cameras' makers, is blanked wherever a place was found beside it.
"""

import io
import logging
import mmap
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum
from typing import IO

from gallery.locations.chunks import (
    GIF,
    PNG,
    hide_in_gif,
    hide_in_png,
    hide_in_webp,
    write_checksums,
)
from gallery.locations.eraser import Eraser, LocationStays
from gallery.locations.heif import hide_in_heif
from gallery.locations.jpeg import START, hide_in_jpeg
from gallery.locations.tiff import Directories

logger = logging.getLogger(__name__)

# What damaged bytes may lead to. None is known; a place must not come out by one.
ERRORS = (
    struct.error,
    IndexError,
    ValueError,
    OverflowError,
    RecursionError,
    zlib.error,
)


class Location(Enum):
    NONE = "none"
    HIDDEN = "hidden"
    STAYS = "stays"  # it could not be blanked: the file is not to be shown


@contextmanager
def private_bytes(file: IO[bytes]) -> Iterator[bytearray | mmap.mmap]:
    """The bytes of `file`, to be changed without changing it; not all in memory."""
    file.seek(0)
    try:
        data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY)
    except (OSError, AttributeError, io.UnsupportedOperation):
        yield bytearray(file.read())
        return
    with data:
        yield data


def hide_location(data: bytearray | mmap.mmap) -> Location:
    """Blanks in `data`, a whole photo, whatever names the place where it was taken."""
    eraser = Eraser(data)
    chunks: list[tuple[int, int]] = []
    eraser.read_later(0, len(data))
    try:
        while eraser.embedded:
            chunks += hide_in(eraser, *eraser.embedded.pop()) or []
        is_found = eraser.finish()
        write_checksums(eraser, chunks if is_found else [])
    except LocationStays as error:
        logger.info("A photo's location cannot be blanked: %s", error)
        return Location.STAYS
    except ERRORS:
        logger.exception("A photo's location cannot be looked for.")
        return Location.STAYS
    return Location.HIDDEN if is_found else Location.NONE


def hide_in(eraser: Eraser, start: int, end: int):
    head = bytes(eraser.data[start : min(start + 12, end)])
    if head.startswith(START):
        return hide_in_jpeg(eraser, start, end)
    if head.startswith((b"II", b"MM")):
        return Directories(eraser, start, end).hide()
    if head.startswith(PNG):
        return hide_in_png(eraser, start, end)
    if head.startswith(GIF):
        return hide_in_gif(eraser, start, end)
    if head[:4] == b"RIFF" and head[8:] == b"WEBP":
        return hide_in_webp(eraser, start, end)
    if head[4:8] == b"ftyp":
        return hide_in_heif(eraser, start, end)
    return None
