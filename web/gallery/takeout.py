"""
When a photo was taken, by the side file that Google Takeout puts beside it.

Beside IMG_1.jpg lies IMG_1.jpg.supplemental-metadata.json, or IMG_1.jpg.json from
earlier years. Long names are cut, at 46 characters before the ending; of two photos of
one name one is IMG_1(1).jpg, and its side file IMG_1.jpg.supplemental-metadata(1).json
or IMG_1.jpg(1).json. An edited photo shares the side file of the one that it was.
"""

import json
import re
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, NamedTuple

MOST_SIDE_BYTES = 256 * 1024
SHORTEST_CUT = 40
SUPPLEMENT = ".supplemental-metadata"
NUMBER = re.compile(r"\((\d{1,4})\)$")
EDITED = re.compile(r"-(edited|modifié|bearbeitet|editado|editada|modificato)$")


class SideName(NamedTuple):
    folder: str
    stem: str  # without number and .json
    number: str


def side_files(names: Iterable[str]) -> dict[SideName, int]:
    """Where each one is among `names`."""
    found = {}
    for place, name in enumerate(names):
        folder, _slash, base = name.rpartition("/")
        stem, dot, ending = base.rpartition(".")
        if dot and ending.lower() == "json":
            bare, number = without_number(stem)
            found[SideName(folder, bare, number)] = place
    return found


def side_file_of(name: str, known: dict[SideName, int]) -> int | None:
    """The place of the side file that belongs to the photo `name`."""
    folder, _slash, base = name.rpartition("/")
    stem, dot, ending = base.rpartition(".")
    bare, number = without_number(stem)
    for one in dict.fromkeys([bare, EDITED.sub("", bare)]):
        for candidate in candidates(one, ending=dot + ending):
            place = known.get(SideName(folder, candidate, number))
            if place is not None:
                return place
    return None


def candidates(stem: str, *, ending: str) -> list[str]:
    """What the side file may be called: whole, or cut; the longest first."""
    whole = f"{stem}{ending}{SUPPLEMENT}"
    cut = [whole[:length] for length in range(len(whole), SHORTEST_CUT - 1, -1)]
    return [*cut, whole, f"{stem}{ending}", stem]


def without_number(stem: str) -> tuple[str, str]:
    match = NUMBER.search(stem)
    return (stem[: match.start()], match[1]) if match else (stem, "")


def taken_at(content: bytes) -> datetime | None:
    """What a side file says, whatever it is."""
    try:
        told: Any = json.loads(content)
        seconds = int(told["photoTakenTime"]["timestamp"])
        return datetime.fromtimestamp(seconds, UTC) if seconds else None
    except (ValueError, TypeError, KeyError, RecursionError, OverflowError, OSError):
        return None
