"""Places in TIFF's directories, which EXIF is made of too."""

import struct
from dataclasses import dataclass

from gallery.locations.eraser import Eraser
from gallery.locations.words import hide_in_iptc, hide_in_photoshop, hide_in_xmp

GPS, EXIF, INTEROPERABILITY, SUB_IFDS = 0x8825, 0x8769, 0xA005, 0x014A
POINTERS = {EXIF, INTEROPERABILITY, SUB_IFDS}
MAKER_NOTE, WORDS = 0x927C, {0x010E, 0x9286}  # a description, a comment
XMP, IPTC, PHOTOSHOP = 700, 33723, 34377
JPEG_AT, JPEG_LENGTH = 0x0201, 0x0202
# GeoTIFF's: scale, tie points, transformation, keys; GDAL's own words.
GEOGRAPHIC = {33550, 33922, 34264, 34735, 34736, 34737, 42112}
# Of the GPS directory: latitude, longitude, both of the destination, the area's name.
PLACES = {2, 4, 20, 22, 28}
TYPE_BYTES = {3: 2, 4: 4, 5: 8, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4}
TYPE_BYTES |= {16: 8, 17: 8, 18: 8}
BIG = {b"\x2b\0", b"\0\x2b"}


@dataclass(frozen=True)
class TiffEntry:
    """start and end: of its value, wherever that lies."""

    number: int
    tag: int
    width: int
    count: int
    start: int
    end: int


class Directories:
    """Of the TIFF at `start`. What lies outside of it, no reader finds either."""

    def __init__(self, eraser: Eraser, start: int, end: int):
        self._eraser, self._start, self._end = eraser, start, end
        self._order = "<" if eraser.data[start : start + 2] == b"II" else ">"
        self._is_big = bytes(eraser.data[start + 2 : start + 4]) in BIG
        # Of the count of entries, of an entry, of a place in the file.
        sizes = (8, 20, 8) if self._is_big else (2, 12, 4)
        self._count_bytes, self._entry_bytes, self._place_bytes = sizes
        self._seen: set[int] = set()

    def hide(self) -> None:
        """In the first directory, and all that follow it or hang on it."""
        at = self._place(self._start + (8 if self._is_big else 4))
        while at and at not in self._seen:
            at = self._hide_in(at)

    def _hide_in(self, at: int) -> int:
        """Returns where the next directory is; 0 for none."""
        self._seen.add(at)
        entries = self._entries(at)
        gone = [entry for entry in entries if self._is_place(entry)]
        self._read_thumbnail(entries)
        for entry in reversed(gone):
            self._remove(entry, directory=at)
        return self._place(at + self._count_bytes + self._count(at) * self._entry_bytes)

    def _is_place(self, entry: TiffEntry) -> bool:
        """Whether the entry has to go; what hangs on it is seen to."""
        eraser, start, end = self._eraser, entry.start, entry.end
        if entry.tag == GPS:
            return self._blank_gps(self._number(entry, 0))
        if entry.tag in GEOGRAPHIC:
            eraser.blank(start, end)
            return True
        if entry.tag in POINTERS:
            for number in range(min(entry.count, 100)):
                self._hide_below(self._number(entry, number))
        elif entry.tag == XMP:
            hide_in_xmp(eraser, start, end)
        elif entry.tag == IPTC:
            hide_in_iptc(eraser, start, end)
        elif entry.tag == PHOTOSHOP:
            hide_in_photoshop(eraser, start, end)
        elif entry.tag == MAKER_NOTE:
            eraser.doubt(start, end)
        elif entry.tag in WORDS and b"atitude" in eraser.data[start:end]:
            eraser.blank(start, end)
        return False

    def _hide_below(self, place: int) -> None:
        at = self._start + place
        while place and at and at not in self._seen:
            at = self._hide_in(at)

    def _blank_gps(self, place: int) -> bool:
        at = self._start + place
        entries = self._entries(at)
        if not PLACES & {entry.tag for entry in entries}:
            return False
        for entry in entries:
            self._eraser.blank(entry.start, entry.end)
        length = self._count_bytes + len(entries) * self._entry_bytes
        self._eraser.blank(at, at + length)
        self._eraser.found = True
        return True

    def _read_thumbnail(self, entries: list[TiffEntry]) -> None:
        known = {entry.tag: entry for entry in entries}
        if JPEG_AT in known and JPEG_LENGTH in known:
            at = self._start + self._number(known[JPEG_AT], 0)
            length = self._number(known[JPEG_LENGTH], 0)
            self._eraser.read_later(at, min(at + length, self._end))

    def _remove(self, entry: TiffEntry, *, directory: int) -> None:
        """Those behind it move up, with the place of the next directory."""
        data, size = self._eraser.data, self._entry_bytes
        count = self._count(directory)
        at = directory + self._count_bytes + entry.number * size
        end = directory + self._count_bytes + count * size + self._place_bytes
        end = min(end, self._end)
        data[at:end] = bytes(data[at + size : end]) + bytes(size)
        struct.pack_into(
            self._order + ("Q" if self._is_big else "H"), data, directory, count - 1
        )

    def _entries(self, at: int) -> list[TiffEntry]:
        first = at + self._count_bytes
        found = []
        for number in range(self._count(at)):
            place = first + number * self._entry_bytes
            if place + self._entry_bytes > self._end:
                break
            self._eraser.spend()
            found.append(self._entry(place, number))
        return found

    def _entry(self, at: int, number: int) -> TiffEntry:
        form = self._order + ("HHQ" if self._is_big else "HHI")
        tag, kind, count = struct.unpack_from(form, self._eraser.data, at)
        width = TYPE_BYTES.get(kind, 1)
        value = at + struct.calcsize(form)
        if width * count > self._place_bytes:
            value = self._start + self._read_place(value)
        end = min(value + width * count, self._end)
        return TiffEntry(number, tag, width, count, min(value, end), end)

    def _number(self, entry: TiffEntry, number: int) -> int:
        """The whole number at that place of the entry's values; 0 for none."""
        at = entry.start + number * entry.width
        form = {2: "H", 4: "I", 8: "Q"}.get(entry.width)
        if form is None or at + entry.width > entry.end:
            return 0
        return struct.unpack_from(self._order + form, self._eraser.data, at)[0]

    def _count(self, at: int) -> int:
        if at + self._count_bytes > self._end:
            return 0
        form = self._order + ("Q" if self._is_big else "H")
        return min(struct.unpack_from(form, self._eraser.data, at)[0], 65535)

    def _place(self, at: int) -> int:
        """The place that is written at `at`, in the whole of the data; 0 for none."""
        if at + self._place_bytes > self._end:
            return 0
        place = self._read_place(at)
        return self._start + place if place else 0

    def _read_place(self, at: int) -> int:
        form = self._order + ("Q" if self._is_big else "I")
        return struct.unpack_from(form, self._eraser.data, at)[0]
