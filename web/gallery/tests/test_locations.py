"""Copies of photos that do not say where these were taken."""

import io
import random

import pytest
from PIL import Image

from gallery.headers import read_facts
from gallery.locations import Location, hide_location, private_bytes
from gallery.tests.located import (
    GPS,
    KEPT,
    PLACE,
    XMP,
    exif,
    jpeg_with,
    located,
    opened,
    png_text,
    segment,
    xmp,
)
from gallery.tests.photos import encoded, picture

SIGNS = (b"47,27.981N", b"3,44.924E", b"47.466", PLACE, b"+47.4663")
FILES = located()
BY_OTHER_SIGNS = {"JPEG within a JPEG", "JPEG within Photoshop's block", "GeoTIFF"}
BLANKED_WHOLE = {"JPEG long XMP"}
PHOTO = picture(90, 60)


def places_in(content: bytes) -> list:
    image = opened(content)
    found = Image.Image.getexif(image).get_ifd(0x8825)
    return [sign for sign in SIGNS if sign in content] + list(found.items())


@pytest.mark.parametrize("way", FILES)
def test_the_place_is_blanked_and_the_picture_stays(way):
    content = FILES[way]
    assert places_in(content) or way in BY_OTHER_SIGNS
    data = bytearray(content)

    assert hide_location(data) is Location.HIDDEN

    assert places_in(bytes(data)) == []
    assert len(data) == len(content)
    assert (
        opened(data).convert("RGB").tobytes()
        == opened(content).convert("RGB").tobytes()
    )
    assert read_facts(io.BytesIO(data)) == read_facts(io.BytesIO(content))
    is_whole = way not in BLANKED_WHOLE
    assert (KEPT in data) == (KEPT in content and is_whole), "who took it stays"
    assert hide_location(data) is Location.NONE


def test_second_picture_behind_a_photo_is_kept_without_its_place():
    inner = encoded(PHOTO, "JPEG", exif=exif())
    data = bytearray(jpeg_with(behind=inner))

    hide_location(data)

    second = bytes(data[-len(inner) :])
    assert opened(second).getexif()[0x0112] == 6
    assert not opened(second).getexif().get_ifd(0x8825)


@pytest.mark.parametrize(
    "content",
    [
        encoded(PHOTO, "JPEG"),
        encoded(PHOTO, "JPEG", exif=exif(gps=False, note=b"Lens 24 mm" * 9)),
        encoded(PHOTO, "JPEG", xmp=xmp(b' exif:GPSVersionID="2.3.0.0"')),
        encoded(PHOTO, "JPEG", xmp=xmp(b' photoshop:City=""')),
        encoded(PHOTO, "WEBP"),
        encoded(PHOTO, "HEIF"),
        encoded(PHOTO, "GIF"),
        png_text("Comment", b"at home"),
    ],
)
def test_photo_without_a_place_is_left_as_it_is(content):
    data = bytearray(content)

    assert hide_location(data) is Location.NONE
    assert data == content


def test_gps_version_alone_is_no_place():
    tags = exif(gps=False)
    tags.get_ifd(0x8825)[0] = b"\2\3\0\0"

    assert hide_location(bytearray(encoded(PHOTO, "JPEG", exif=tags))) is Location.NONE


def test_makers_note_goes_where_there_is_a_place():
    note = b"Nikon\0 with a place that nobody here can read"
    data = bytearray(encoded(PHOTO, "JPEG", exif=exif(note=note)))

    hide_location(data)

    assert note not in data


def test_packed_words_with_a_place_cannot_be_blanked():
    content = png_text("XML:com.adobe.xmp", XMP, packed=True)

    assert hide_location(bytearray(content)) is Location.STAYS


def test_file_on_disk_is_not_changed(tmp_path):
    path = tmp_path / "with.jpg"
    path.write_bytes(FILES["JPEG EXIF"])

    with path.open("rb") as file, private_bytes(file) as data:
        assert hide_location(data) is Location.HIDDEN
        assert places_in(bytes(data)) == []

    assert path.read_bytes() == FILES["JPEG EXIF"]


def test_file_that_was_made_to_last_is_given_up():
    words = b"".join(b"<exif:GPSLatitude>" for _ in range(3000))
    segments = [segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + words)] * 500

    assert hide_location(bytearray(jpeg_with(*segments))) is not Location.NONE


@pytest.mark.parametrize("way", FILES)
def test_damaged_photos_never_tell_and_never_fail(way, caplog):
    maker = random.Random(way)
    for _round in range(60):
        content = bytearray(FILES[way])
        for _change in range(maker.randint(1, 6)):
            content[maker.randrange(len(content))] = maker.randrange(256)
        data = bytearray(
            content[: maker.choice([len(content), maker.randrange(40, len(content))])]
        )
        outcome = hide_location(data)
        if outcome is not Location.STAYS:
            assert not pillow_finds_a_place(data)
            assert hide_location(data) is not Location.HIDDEN


def pillow_finds_a_place(content) -> bool:
    try:
        found = Image.Image.getexif(opened(content)).get_ifd(0x8825)
        return any(found.get(tag) == GPS[tag] for tag in (2, 4))
    except Exception:  # noqa: BLE001 - whatever Pillow makes of damaged bytes
        return False
