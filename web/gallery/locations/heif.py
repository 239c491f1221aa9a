"""Places in HEIC and AVIF: boxes, and items that lie anywhere in the file."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

from gallery.locations.eraser import TELLING, Eraser, LocationStays
from gallery.locations.words import hide_in_xmp

XMP_ID = bytes.fromhex("be7acfcb97a942e89c71999491e3afac")
XMP_TYPE = b"application/rdf+xml"
# What pictures lie in; all others are of a maker's own.
WITHOUT_PLACES = {b"ftyp", b"mdat", b"free", b"skip", b"meta"}
IN_FILE, IN_META = 0, 1  # where an item's extents are counted from


@dataclass
class Item:
    kind: bytes = b""
    content_type: bytes = b""
    is_packed: bool = False
    method: int = IN_FILE
    extents: list[tuple[int, int]] = field(default_factory=list)


def hide_in_heif(eraser: Eraser, start: int, end: int) -> None:
    for kind, body, after in boxes(eraser, start, end):
        if kind == b"meta":
            hide_in_meta(eraser, body + 4, after, start=start, end=end)
        elif kind == b"moov":
            if TELLING.search(eraser.data, body, after):
                raise LocationStays("A film in it has a place.")
        elif kind == b"uuid" and eraser.data[body : body + 16] == XMP_ID:
            hide_in_xmp(eraser, body + 16, after)
        elif kind not in WITHOUT_PLACES:
            eraser.blank_if_telling(body, after)


def boxes(eraser: Eraser, at: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """Type, beginning of the content, end."""
    while at + 8 <= end:
        eraser.spend()
        size, kind = struct.unpack_from(">I4s", eraser.data, at)
        body = at + 8
        if size == 1 and at + 16 <= end:
            size, body = struct.unpack_from(">Q", eraser.data, at + 8)[0], at + 16
        after = min(at + size, end) if size else end
        if after < body:
            return
        yield kind, body, after
        at = after


def hide_in_meta(eraser: Eraser, at: int, until: int, *, start: int, end: int) -> None:
    items: dict[int, Item] = {}
    inside = end
    for kind, body, after in boxes(eraser, at, until):
        if kind == b"iinf":
            read_kinds(eraser, body, after, items)
        elif kind == b"iloc":
            read_places(eraser, body, after, items)
        elif kind == b"idat":
            inside = body
    for item in items.values():
        origin = {IN_FILE: start, IN_META: inside}.get(item.method, end)
        hide_in_item(eraser, item, origin=origin, end=end)


def hide_in_item(eraser: Eraser, item: Item, *, origin: int, end: int) -> None:
    is_exif = item.kind == b"Exif"
    is_xmp = item.kind == b"mime" and item.content_type == XMP_TYPE
    if item.kind == b"jpeg":
        for place, length in item.extents:
            eraser.read_later(origin + place, min(origin + place + length, end))
    if not (is_exif or is_xmp) or not item.extents:
        return
    if len(item.extents) > 1 or origin == end or item.is_packed:
        raise LocationStays("Its metadata are in pieces.")
    place, length = item.extents[0]
    first = origin + place
    last = min(first + length, end) if length else end
    if is_xmp:
        hide_in_xmp(eraser, min(first, last), last)
    elif first + 4 <= last:
        skipped = struct.unpack_from(">I", eraser.data, first)[0]
        eraser.read_later(first + 4 + skipped, last)


def read_kinds(eraser: Eraser, at: int, end: int, items: dict[int, Item]) -> None:
    is_short = eraser.data[at] == 0
    for kind, body, after in boxes(eraser, at + (6 if is_short else 8), end):
        if kind != b"infe" or eraser.data[body] < 2:
            continue
        form = ">HH4s" if eraser.data[body] == 2 else ">IH4s"
        number, _protection, name = struct.unpack_from(form, eraser.data, body + 4)
        item = items.setdefault(number, Item())
        item.kind = name
        words = bytes(eraser.data[body + 4 + struct.calcsize(form) : after]).split(
            b"\0"
        )
        if name == b"mime" and len(words) > 1:
            item.content_type = words[1]
            item.is_packed = len(words) > 2 and bool(words[2])


class Numbers:
    """Whole numbers of whatever width, one after the other."""

    def __init__(self, data, at: int, end: int):
        self._data, self._at, self._end = data, at, end

    def next(self, width: int) -> int:
        if self._at + width > self._end:
            raise LocationStays("The list of its items is cut off.")
        self._at += width
        return int.from_bytes(self._data[self._at - width : self._at], "big")


def read_places(eraser: Eraser, at: int, end: int, items: dict[int, Item]) -> None:
    """The box iloc: which item lies where."""
    version = eraser.data[at]
    numbers = Numbers(eraser.data, at + 4, end)
    sizes, more = numbers.next(1), numbers.next(1)
    place_bytes, length_bytes, base_bytes = sizes >> 4, sizes & 15, more >> 4
    index_bytes = more & 15 if version in (1, 2) else 0
    id_bytes = 4 if version == 2 else 2
    for _item in range(numbers.next(id_bytes)):
        eraser.spend()
        item = items.setdefault(numbers.next(id_bytes), Item())
        if version in (1, 2):
            item.method = numbers.next(2) & 15
        numbers.next(2)  # of another file: none is written today
        base = numbers.next(base_bytes)
        for _extent in range(numbers.next(2)):
            eraser.spend()
            numbers.next(index_bytes)
            place, length = numbers.next(place_bytes), numbers.next(length_bytes)
            item.extents.append((base + place, length))
