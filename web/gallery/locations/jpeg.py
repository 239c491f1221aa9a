"""Places in a JPEG: in its segments, and in what comes behind the picture."""

import re
import struct

from gallery.locations.eraser import Eraser
from gallery.locations.words import hide_in_photoshop, hide_in_xmp

START = b"\xff\xd8\xff"
EXIF, PHOTOSHOP, PROFILE = b"Exif\0", b"Photoshop 3.0\0", b"ICC_PROFILE\0"
XMP, MORE_XMP = (
    b"http://ns.adobe.com/xap/1.0/\0",
    b"http://ns.adobe.com/xmp/extension/\0",
)
MORE_XMP_HEADER = len(MORE_XMP) + 32 + 4 + 4  # whose, how long, which part
# Between the picture's own bytes, FF is followed by 00 or by the number of a restart.
END_OF_SCAN = re.compile(rb"\xff[\x01-\xcf\xd8-\xfe]", re.DOTALL)
NO_ZERO = re.compile(rb"[^\0]")
SCAN, END, COMMENT = 0xDA, 0xD9, 0xFE
ALONE = {0x01, *range(0xD0, 0xD9)}  # without a length
APPLICATION = range(0xE0, 0xF0)
PLAIN = {0xE0, 0xEE}  # JFIF, Adobe: the colours need them
# MPF's directory of further pictures, which says where they are in the file.
DIRECTORY = b"MPF\0"


def hide_in_jpeg(eraser: Eraser, start: int, end: int) -> None:
    """With the pictures behind it: a phone puts depth and light there."""
    at = hide_in_picture(eraser, start, end)
    while found := NO_ZERO.search(eraser.data, at, end):
        at = found.start()
        if eraser.data[at : at + 3] != START:
            eraser.blank_if_telling(at, end)
            return
        at = hide_in_picture(eraser, at, end)


def hide_in_picture(eraser: Eraser, start: int, end: int) -> int:
    """Returns where it ends; a cut off one, or a damaged one, at `end`."""
    data, at = eraser.data, start + 2
    while (at := data.find(b"\xff", at, end)) >= 0 and at + 1 < end:
        eraser.spend()
        marker, at = data[at + 1], at + 2
        if marker == 0xFF:
            at -= 1  # padding
        elif marker == END:
            return at
        elif marker and marker not in ALONE:
            at = hide_in_segment(eraser, marker, at, end)
    return end


def hide_in_segment(eraser: Eraser, marker: int, at: int, end: int) -> int:
    """Returns where the next marker is to be looked for."""
    if at + 2 > end:
        return end
    length = struct.unpack_from(">H", eraser.data, at)[0]
    body, after = at + 2, min(at + max(length, 2), end)
    if marker == SCAN:
        found = END_OF_SCAN.search(eraser.data, after, end)
        return found.start() if found else end
    if marker == COMMENT or (marker in APPLICATION and marker not in PLAIN):
        hide_in_block(eraser, body, after)
    return after


def hide_in_block(eraser: Eraser, start: int, end: int) -> None:
    head = bytes(eraser.data[start : min(start + len(MORE_XMP), end)])
    if head.startswith(EXIF):
        eraser.read_later(start + 6, end)
    elif head.startswith(PHOTOSHOP):
        hide_in_photoshop(eraser, start + len(PHOTOSHOP), end)
    elif head.startswith(XMP):
        hide_in_xmp(eraser, start + len(XMP), end)
    elif head.startswith(MORE_XMP):
        eraser.blank_if_telling(min(start + MORE_XMP_HEADER, end), end)
    elif not head.startswith((PROFILE, DIRECTORY)):
        eraser.blank_if_telling(start, end)
