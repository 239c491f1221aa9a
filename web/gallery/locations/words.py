"""Places in words: XMP, IPTC, and Photoshop's blocks, which hold both."""

import re
import struct

from gallery.locations.eraser import Eraser

# Names of XMP's properties, of whatever maker: exif:GPSLatitude, drone-dji:GpsLatitude,
# photoshop:City, Iptc4xmpExt:LocationCreated.
NAME = (
    rb"[\w.-]+:(?:[Gg][Pp][Ss]\w*|\w*[Ll]atitude|\w*[Ll]ongitude|Location|LocationCreated"
    rb"|LocationShown|LocationName|LocationId|Sublocation|City|State|ProvinceState"
    rb"|Country|CountryCode|CountryName|WorldRegion)"
)
ATTRIBUTE = re.compile(rb"\s" + NAME + rb"\s*=\s*(?:\"[^\"]*\"|'[^']*')")
ELEMENT = re.compile(
    rb"<(" + NAME + rb")(?=[\s/>])[^>]*(?:/>|(?<!/)>.*?</\1\s*>)", re.DOTALL
)
HINT = re.compile(rb"[:\"'](?:" + NAME.partition(rb":")[2] + rb")(?=[\s=/>\"'])")
REST = re.compile(rb"gps_?(?:lat|lon|coord|pos)|latitude|longitude", re.IGNORECASE)
# Of GPS, but no place: what cameras write whether they know where they are or not.
IDLE = re.compile(
    rb"[\s<][\w.-]+:GPS(?:VersionID|MapDatum|TimeStamp|Status|MeasureMode)\b"
)
SAYING_NOTHING = {b"Resource", b"x-default"}
LETTERS = re.compile(rb"[^\W_]")
MOST_BYTES, MOST_NAMES = 1024 * 1024, 200  # more than this is no photo's

# IPTC's of record 2: location code and name, city, sublocation, province, country.
IPTC_PLACES = {26, 27, 90, 92, 95, 100, 101}
IPTC, EXIF, EXIF_3, XMP = 0x0404, 0x0422, 0x0423, 0x0424
THUMBNAILS, THUMBNAIL_HEADER = {0x0409, 0x040C}, 28


def hide_in_xmp(eraser: Eraser, start: int, end: int) -> None:
    """The properties that name a place; all of the packet where that is not enough."""
    eraser.spend(end - start)
    text = bytes(eraser.data[start:end])
    if b"\0" in text.rstrip(b"\0"):  # UTF-16 and the like
        if REST.search(text.replace(b"\0", b"")):
            eraser.blank(start, end, fill=b" ")
        return
    if len(text) > MOST_BYTES or len(HINT.findall(text)) > MOST_NAMES:
        if HINT.search(text) or REST.search(text):
            eraser.blank(start, end, fill=b" ")
        return
    for pattern in (ELEMENT, ATTRIBUTE):
        for match in pattern.finditer(text):
            if tells_a_place(match[0]):
                first, last = match.span()
                eraser.blank(start + first, start + last, fill=b" ")
        text = bytes(eraser.data[start:end])
    if REST.search(text):
        eraser.blank(start, end, fill=b" ")


def tells_a_place(found: bytes) -> bool:
    if IDLE.match(found):
        return False
    if not found.startswith(b"<"):
        return bool(LETTERS.search(found.partition(b"=")[2]))
    inside = re.sub(rb"<[^>]*>", b"", found)
    attributes = re.findall(rb"=\s*[\"']([^\"']*)", found)
    attributes = [words for words in attributes if words not in SAYING_NOTHING]
    return bool(LETTERS.search(inside + b"".join(attributes)))


def hide_in_iptc(eraser: Eraser, start: int, end: int) -> None:
    at = start
    while at + 5 <= end and eraser.data[at] == 0x1C:
        eraser.spend()
        record, tag = eraser.data[at + 1], eraser.data[at + 2]
        (length,) = struct.unpack_from(">H", eraser.data, at + 3)
        at += 5
        if length & 0x8000:  # of that many bytes, which hold the length
            width = length & 0x7FFF
            length = int.from_bytes(eraser.data[at : min(at + width, end)], "big")
            at += width
        if record == 2 and tag in IPTC_PLACES:
            eraser.blank(min(at, end), min(at + length, end), fill=b" ")
        at += length


def hide_in_photoshop(eraser: Eraser, start: int, end: int) -> None:
    at = start
    while at + 12 <= end and eraser.data[at : at + 4] == b"8BIM":
        eraser.spend()
        kind, name_length = struct.unpack_from(">HB", eraser.data, at + 4)
        at += 6 + (name_length + 2) // 2 * 2
        if at + 4 > end:
            return
        (size,) = struct.unpack_from(">I", eraser.data, at)
        at += 4
        hide_in_resource(eraser, kind, at, min(at + size, end))
        at += size + size % 2
    eraser.doubt(min(at, end), end)


def hide_in_resource(eraser: Eraser, kind: int, start: int, end: int) -> None:
    if kind == IPTC:
        hide_in_iptc(eraser, start, end)
    elif kind == XMP:
        hide_in_xmp(eraser, start, end)
    elif kind in (EXIF, EXIF_3):
        eraser.read_later(start, end)
    elif kind in THUMBNAILS:
        eraser.read_later(start + THUMBNAIL_HEADER, end)
