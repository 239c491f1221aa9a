"""The bytes of a photo, in which places are blanked: nothing moves, no size changes."""

import mmap
import re

# In a block that nobody here can read, these words stand beside a place.
TELLING = re.compile(
    rb"GPSLatitude|GPSLongitude|GPSCoordinates|[Ll]atitude|[Ll]ongitude|ISO6709"
    rb"|\xa9xyz|loci|Exif\0\0"
)
MOST_STEPS = 300_000  # a second or two; no camera's photo needs nearly as many
BYTES_A_STEP = 500  # searched as words


class LocationStays(Exception):
    """There is a place in the photo, and it cannot be blanked without harm."""


class Eraser:
    """
    data:      changed in place; at the end without the places that were found.
    found:     whether there was any.
    embedded:  blocks yet to be read, each with its beginning and its end.
    """

    def __init__(self, data: bytearray | mmap.mmap):
        self.data = data
        self.found = False
        self.embedded: list[tuple[int, int]] = []
        self._seen: set[tuple[int, int]] = set()
        self._doubtful: list[tuple[int, int]] = []
        self._steps = 0

    def spend(self, size: int = 0) -> None:
        """Before each step. Raises LocationStays for a file that was made to last."""
        self._steps += 1 + size // BYTES_A_STEP
        if self._steps > MOST_STEPS:
            raise LocationStays("It has too many blocks.")

    def read_later(self, start: int, end: int) -> None:
        """A block in a format of its own, such as EXIF in a JPEG or a JPEG in EXIF."""
        block = (start, min(end, len(self.data)))
        if block in self._seen or start >= block[1]:
            return
        self._seen.add(block)
        self.embedded.append(block)

    def blank(self, start: int, end: int, *, fill: bytes = b"\0") -> None:
        """A place was found here."""
        empty = fill * (end - start)
        if self.data[start:end] != empty:
            self.data[start:end] = empty
            self.found = True

    def blank_if_telling(self, start: int, end: int) -> None:
        """A block of an unknown form: blanked where words say that it has a place."""
        self.spend()
        if TELLING.search(self.data, start, end):
            self.blank(start, end)
        else:
            self.doubt(start, end)

    def doubt(self, start: int, end: int) -> None:
        """It may hold a place that none can see: blanked where another was found."""
        self._doubtful.append((start, end))

    def finish(self) -> bool:
        """Whether there was a place."""
        if self.found:
            for start, end in self._doubtful:
                self.data[start:end] = bytes(end - start)
        return self.found
