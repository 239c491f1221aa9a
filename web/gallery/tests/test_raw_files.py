"""Raw files of cameras are told from photos, by their content and by their names."""

import io
import struct

import pytest

from gallery.exceptions import NotAnImage, RawFile
from gallery.headers import read_facts
from gallery.tests.photos import encoded, picture


def tiff(*entries: tuple[int, int]) -> bytes:
    """A small TIFF that can be drawn, with these further tags, each a whole number."""
    content = bytearray(encoded(picture(160, 120), "TIFF"))
    (place,) = struct.unpack_from("<I", content, 4)
    (count,) = struct.unpack_from("<H", content, place)
    old = bytes(content[place + 2 : place + 2 + 12 * count])
    known = {old[at : at + 2]: old[at : at + 12] for at in range(0, len(old), 12)}
    for tag, value in entries:
        known[struct.pack("<H", tag)] = struct.pack("<HHII", tag, 4, 1, value)
    directory = struct.pack("<H", len(known))
    directory += b"".join(sorted(known.values(), key=lambda e: e[1::-1])) + bytes(4)
    struct.pack_into("<I", content, 4, len(content))
    return bytes(content) + directory


def with_sensor_below(photometric: int) -> bytes:
    """As Nikon and Sony write them: a small picture, the sensor's one below it."""
    plain = tiff()
    below = struct.pack("<HHHII", 1, 0x0106, 3, 1, photometric) + bytes(4)
    at = len(tiff((0x014A, 0)))
    return tiff((0x014A, at)) + below if plain else b""


RAW = {
    "DNG": tiff((0xC612, 0x00000401)),
    "NEF": with_sensor_below(32803),
    "linear DNG": with_sensor_below(34892),
    "ARW": tiff((0x0103, 32767)),
    "PEF": tiff((0x0103, 65535)),
    "CR2": b"II*\0\x10\0\0\0CR\2\0" + bytes(99),
    "CR3": b"\0\0\0\x18ftypcrx " + bytes(99),
    "RAF": b"FUJIFILMCCD-RAW 0201" + bytes(99),
    "RW2": b"IIU\0\x18\0\0\0" + bytes(99),
    "ORF": b"IIRO\x08\0\0\0" + bytes(99),
    "IIQ": b"II*\0\x08\0\0\0IIII" + bytes(99),
    "X3F": b"FOVb" + bytes(99),
}


@pytest.mark.parametrize("kind", RAW)
def test_raw_file_is_refused_with_the_way_out_whatever_its_name(kind):
    with pytest.raises(RawFile, match="Export it as a JPEG"):
        read_facts(io.BytesIO(RAW[kind]), name="holiday.tif")


@pytest.mark.parametrize("name", ["IMG_1.NEF", "a.arw", "b.3fr", "c.Dng"])
def test_name_tells_where_the_content_might_be_one(name):
    for content in (tiff(), b"nothing that is known"):
        with pytest.raises(RawFile):
            read_facts(io.BytesIO(content), name=name)


def test_plain_tiff_and_jpeg_by_a_raw_name_are_taken():
    assert read_facts(io.BytesIO(tiff()), name="scan.tif").format == "TIFF"
    jpeg = encoded(picture(60, 40), "JPEG")
    assert read_facts(io.BytesIO(jpeg), name="IMG_1.nef").format == "JPEG"


def test_directories_that_lead_in_a_circle_end():
    content = bytearray(tiff((0x014A, 8)))
    with pytest.raises(NotAnImage):
        read_facts(io.BytesIO(bytes(content[:30])), name="x.tif")
