import io
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from PIL import Image
from PIL.TiffImagePlugin import IFDRational

from gallery.exif import camera_name, read_camera, text_of
from gallery.headers import read_facts
from gallery.tests.photos import encoded, picture

PARIS = ZoneInfo("Europe/Paris")


def with_tags(image_format="JPEG", *, outer=None, inner=None, size=(64, 48)):
    exif = Image.Exif()
    for tag, value in (outer or {}).items():
        exif[tag] = value
    if inner:
        exif.get_ifd(0x8769).update(inner)
    return encoded(picture(*size), image_format, exif=exif.tobytes())


def read(content, *, zone=PARIS):
    with Image.open(io.BytesIO(content)) as image:
        return read_camera(image, zone=zone)


@pytest.mark.parametrize(
    "image_format", ["JPEG", "PNG", "WEBP", "AVIF", "HEIF", "TIFF"]
)
def test_time_and_camera_are_read_from_every_format(image_format):
    content = with_tags(
        image_format,
        outer={0x010F: "FUJIFILM", 0x0110: "X100V"},
        inner={0x9003: "2026:07:04 14:30:05"},
    )

    camera = read(content)

    assert camera.taken_at == datetime(2026, 7, 4, 12, 30, 5, tzinfo=UTC)
    assert camera.name == "FUJIFILM X100V"


@pytest.mark.parametrize(
    ("tags", "wanted"),
    [
        ({0x9003: "2026:07:04 14:30:05"}, "2026-07-04T12:30:05+00:00"),
        ({0x9003: "2026:01:04 14:30:05"}, "2026-01-04T13:30:05+00:00"),
        (
            {0x9003: "2026:07:04 14:30:05", 0x9011: "+09:00"},
            "2026-07-04T05:30:05+00:00",
        ),
        (
            {0x9003: "2026:07:04 14:30:05", 0x9011: "-03:30"},
            "2026-07-04T18:00:05+00:00",
        ),
        (
            {0x9003: "2026:07:04 14:30:05", 0x9011: "+99:99"},
            "2026-07-04T12:30:05+00:00",
        ),
        ({0x9003: "2026:07:04 14:30:05", 0x9011: "   "}, "2026-07-04T12:30:05+00:00"),
        (
            {0x9003: "2026:07:04 14:30:05", 0x9291: "25"},
            "2026-07-04T12:30:05.250000+00:00",
        ),
        ({0x9004: "2026:07:04 14:30:05"}, "2026-07-04T12:30:05+00:00"),
        ({0x9003: "0000:00:00 00:00:00"}, None),
        ({0x9003: "    :  :     :  :  "}, None),
        ({0x9003: "2026:02:30 00:00:00"}, None),
        ({0x9003: "1601:01:01 00:00:00"}, None),
        ({0x9003: "9999:12:31 23:59:59", 0x9011: "-12:00"}, None),
        ({0x9003: "soon"}, None),
        ({}, None),
    ],
)
def test_when_a_photo_was_taken(tags, wanted):
    taken_at = read(with_tags(inner=tags)).taken_at

    assert (taken_at and taken_at.isoformat()) == wanted


@pytest.mark.parametrize(
    ("make", "model", "wanted"),
    [
        ("Canon", "Canon EOS R5", "Canon EOS R5"),
        ("NIKON CORPORATION", "NIKON D750", "NIKON D750"),
        ("Apple", "iPhone 15 Pro", "Apple iPhone 15 Pro"),
        ("", "X100V", "X100V"),
        ("Leica", "", "Leica"),
        ("", "", ""),
        ("x" * 100, "y" * 100, "x" * 100 + " " + "y" * 19),
    ],
)
def test_a_camera_has_its_maker_once(make, model, wanted):
    assert camera_name(make, model) == wanted


def test_texts_lose_what_cameras_pad_them_with():
    assert text_of("  SONY \0\0\0rubbish") == "SONY"
    assert text_of(b"Caf\xc3\xa9 \xff") == "Café \ufffd"
    assert text_of("a\nb\u202e  c") == "a b c"
    assert text_of(None) == text_of(5) == text_of(IFDRational(1, 2)) == ""


@pytest.mark.parametrize("place", range(6, 60, 3))
def test_damaged_tags_never_refuse_a_photo(place):
    exif = Image.Exif()
    exif[0x010F], exif[0x0112] = "Leica", 6
    exif.get_ifd(0x8769)[0x9003] = "2026:07:04 14:30:05"
    block = bytearray(exif.tobytes())
    block[place : place + 3] = b"\xff\xfe\xfd"

    facts = read_facts(io.BytesIO(encoded(picture(64, 48), "JPEG", exif=bytes(block))))

    assert sorted((facts.width, facts.height)) == [48, 64]
