"""Tells cameras' raw files, of which most pass for a tiny TIFF."""

import struct
from typing import IO

ENDINGS = {"3fr", "arw", "cr2", "cr3", "crw", "dcr", "dng", "erf", "fff", "gpr", "iiq"}
ENDINGS |= {"k25", "kdc", "mef", "mos", "mrw", "nef", "nrw", "orf", "pef", "raf", "raw"}
ENDINGS |= {"rw2", "rwl", "sr2", "srf", "srw", "x3f"}
STARTS = (
    b"FUJIFILMCCD-RAW",
    b"IIU\0",  # Panasonic, Leica
    b"IIRO",  # Olympus, and the next two
    b"IIRS",
    b"MMOR",
    b"\0MRM",  # Minolta
    b"FOVb",  # Sigma
    b"II\x1a\0\0\0HEAPCCDR",  # Canon's first
)
TIFF_STARTS = (b"II*\0", b"MM\0*")
CANON_2, PHASE_ONE, CANON_3 = b"CR", b"IIII", b"ftypcrx "
COMPRESSION, PHOTOMETRIC, SUB_IFDS, DNG_VERSION = 0x0103, 0x0106, 0x014A, 0xC612
# As the sensor saw it, behind its colour filter or without one.
SENSORS = {32803, 34892}
# Sony's, Nikon's, Kodak's, Pentax's: no other file is packed so.
PACKINGS = {32767, 34713, 65000, 65535}
MOST_DIRECTORIES, MOST_ENTRIES = 20, 512


def is_raw(file: IO[bytes], *, name: str) -> bool:
    """By its content; by its name too where the content might be one."""
    file.seek(0)
    head = file.read(16)
    ending = name.rpartition(".")[2].lower()
    is_tiff = head.startswith(TIFF_STARTS)
    if head.startswith(STARTS) or head[4:12] == CANON_3:
        return True
    if not is_tiff:
        return False
    if ending in ENDINGS or head[8:10] == CANON_2 or head[8:12] == PHASE_ONE:
        return True
    return has_sensor_data(file, order="<" if head[:2] == b"II" else ">")


def is_named_raw(name: str) -> bool:
    """For what is nothing that is known here."""
    return name.rpartition(".")[2].lower() in ENDINGS


def has_sensor_data(file: IO[bytes], *, order: str) -> bool:
    """Whether a directory of the TIFF, or one below it, is of a sensor's picture."""
    file.seek(4)
    places, seen = [number(file.read(4), order)], set[int]()
    while places and len(seen) < MOST_DIRECTORIES:
        place = places.pop()
        if not place or place in seen:
            continue
        seen.add(place)
        tags, following = directory(file, place, order=order)
        is_sensor = tags.get(PHOTOMETRIC, [0])[0] in SENSORS
        if (
            DNG_VERSION in tags
            or is_sensor
            or tags.get(COMPRESSION, [0])[0] in PACKINGS
        ):
            return True
        places += [following, *tags.get(SUB_IFDS, [])]
    return False


def directory(file: IO[bytes], place: int, *, order: str) -> tuple[dict, int]:
    """Its tags with their whole numbers, and where the next directory is."""
    file.seek(place)
    count = min(number(file.read(2), order), MOST_ENTRIES)
    content = file.read(12 * count)
    following = number(file.read(4), order)
    tags = {}
    for at in range(0, len(content) - 11, 12):
        tag, kind, length = struct.unpack_from(order + "HHI", content, at)
        value = content[at + 8 : at + 12]
        if tag == SUB_IFDS and length > 1:
            file.seek(number(value, order))
            value = file.read(4 * min(length, MOST_DIRECTORIES))
        width = 2 if kind == 3 else 4
        parts = range(0, len(value) - width + 1, width)
        tags[tag] = [number(value[p : p + width], order) for p in parts]
    return tags, following


def number(content: bytes, order: str) -> int:
    return int.from_bytes(content, "little" if order == "<" else "big")
