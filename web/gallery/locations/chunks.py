"""Places in PNG, WebP and GIF, which are made of chunks."""

import re
import struct
import zlib

from gallery.locations.eraser import TELLING, Eraser, LocationStays
from gallery.locations.words import HINT, REST, hide_in_xmp

PNG, GIF = b"\x89PNG\r\n\x1a\n", (b"GIF87a", b"GIF89a")
XMP_KEYWORD, RAW_PROFILE = b"XML:com.adobe.xmp", b"Raw profile type "
WITHOUT_WORDS = {b"icc", b"icm"}
MOST_INFLATED = 4 * 1024 * 1024
HEXADECIMAL = re.compile(rb"[^0-9a-fA-F]")
PICTURE_CHUNKS = {b"VP8 ", b"VP8L", b"VP8X", b"ALPH", b"ANIM", b"ANMF", b"ICCP"}
GIF_IMAGE, GIF_EXTENSION, GIF_COMMENT, GIF_APPLICATION = 0x2C, 0x21, 0xFE, 0xFF
GIF_XMP = b"\x0bXMP DataXMP"

Place = tuple[int, int]


# --- PNG --------------------------------------------------------------------------


def hide_in_png(eraser: Eraser, start: int, end: int) -> list[Place]:
    """Returns the chunks whose checksums have to be made anew in the end."""
    data, at = eraser.data, start + len(PNG)
    written: list[Place] = []
    while at + 12 <= end:
        eraser.spend()
        size, kind = struct.unpack_from(">I4s", data, at)
        body, after = at + 8, at + 8 + size
        if after + 4 > end:
            return written  # cut off
        at = after + 4
        if kind == b"IEND":
            break
        if kind == b"eXIf":
            prefix = 6 if data[body : body + 6] == b"Exif\0\0" else 0
            eraser.read_later(body + prefix, after)
        elif kind in (b"iTXt", b"tEXt", b"zTXt"):
            hide_in_png_text(eraser, kind, body, after)
        else:
            continue
        written.append((body, after))
    if at < end:
        eraser.blank_if_telling(at, end)
    return written


def write_checksums(eraser: Eraser, chunks: list[Place]) -> None:
    for body, after in chunks:
        checksum = zlib.crc32(eraser.data[body - 4 : after])
        struct.pack_into(">I", eraser.data, after, checksum)


def hide_in_png_text(eraser: Eraser, kind: bytes, start: int, end: int) -> None:
    keyword, zero, text = bytes(eraser.data[start:end]).partition(b"\0")
    if not zero:
        return
    if kind == b"iTXt":
        is_packed = text[:1] == b"\1"
        text = text[2:].split(b"\0", 2)[-1]
    else:
        is_packed, text = kind == b"zTXt", text[kind == b"zTXt" :]
    words = inflated(text) if is_packed else text
    if keyword.startswith(RAW_PROFILE):
        check_raw_profile(keyword.removeprefix(RAW_PROFILE), words)
    elif is_packed:
        if HINT.search(words) or REST.search(words):
            raise LocationStays("A packed text of the PNG names a place.")
    elif keyword == XMP_KEYWORD:
        hide_in_xmp(eraser, end - len(text), end)
    elif REST.search(keyword + text) or keyword.lower() == b"location":
        eraser.blank(end - len(text), end, fill=b" ")


def inflated(packed: bytes) -> bytes:
    """Raises LocationStays for more than any photo has; b"" for what is damaged."""
    unpacker = zlib.decompressobj()
    try:
        words = unpacker.decompress(packed, MOST_INFLATED)
    except zlib.error:
        return b""
    if unpacker.unconsumed_tail:
        raise LocationStays("A packed text of the PNG is too long.")
    return words


def check_raw_profile(kind: bytes, words: bytes) -> None:
    """ImageMagick writes EXIF and the like in hexadecimal digits: seldom, any more."""
    if kind in WITHOUT_WORDS:
        return
    digits = HEXADECIMAL.sub(b"", words.partition(b"\n")[2].partition(b"\n")[2])
    content = bytes.fromhex(digits[: len(digits) // 2 * 2].decode())
    # The tag of the GPS directory, either way round; IPTC's places, or XMP's.
    signs = (
        b"\x88\x25\0\4",
        b"\x25\x88\4\0",
        b"\x1c\2\x5a",
        b"\x1c\2\x5c",
        b"\x1c\2\x65",
    )
    is_told = any(sign in content for sign in signs)
    if is_told or HINT.search(content) or TELLING.search(content[6:]):
        raise LocationStays("A raw profile of the PNG has a place.")


# --- WebP -------------------------------------------------------------------------


def hide_in_webp(eraser: Eraser, start: int, end: int) -> None:
    data, at = eraser.data, start + 12
    whole = min(start + 8 + struct.unpack_from("<I", data, start + 4)[0], end)
    while at + 8 <= whole:
        eraser.spend()
        kind, size = struct.unpack_from("<4sI", data, at)
        body, after = at + 8, min(at + 8 + size, whole)
        if kind == b"EXIF":
            prefix = 6 if data[body : body + 6] == b"Exif\0\0" else 0
            eraser.read_later(body + prefix, after)
        elif kind == b"XMP ":
            hide_in_xmp(eraser, body, after)
        elif kind not in PICTURE_CHUNKS:
            eraser.blank_if_telling(body, after)
        at = after + size % 2
    if whole < end:
        eraser.blank_if_telling(whole, end)


# --- GIF --------------------------------------------------------------------------


def hide_in_gif(eraser: Eraser, start: int, end: int) -> None:
    data, at = eraser.data, start + 13 + colours(eraser.data[start + 10])
    while at + 10 < end:
        eraser.spend()
        sign, kind = data[at], data[at + 1]
        if sign == GIF_IMAGE:
            at = after_blocks(eraser, at + 11 + colours(data[at + 9]), end)
        elif sign == GIF_EXTENSION:
            after = after_blocks(eraser, at + 2, end)
            hide_in_extension(eraser, kind, at + 2, after)
            at = after
        else:
            break
    if at + 1 < end:
        eraser.blank_if_telling(at + 1, end)


def colours(flags: int) -> int:
    """How many bytes the table of colours has."""
    return 3 * 2 ** ((flags & 7) + 1) if flags & 0x80 else 0


def after_blocks(eraser: Eraser, at: int, end: int) -> int:
    while at < end and eraser.data[at]:
        eraser.spend()
        at += eraser.data[at] + 1
    return min(at + 1, end)


def hide_in_extension(eraser: Eraser, kind: int, start: int, end: int) -> None:
    content = bytes(eraser.data[start:end])
    if kind == GIF_APPLICATION and content.startswith(GIF_XMP):
        # Behind the text there are bytes that lead every reader to the end of it.
        last = content.rfind(b">") + 1
        hide_in_xmp(
            eraser, start + len(GIF_XMP), max(start + last, start + len(GIF_XMP))
        )
    elif kind in (GIF_APPLICATION, GIF_COMMENT) and REST.search(content):
        raise LocationStays("A comment of the GIF names a place.")
