"""A download is called what it is, and as a file may be called everywhere."""

import io
import zipfile
from urllib.parse import unquote

import pytest

from gallery.download_names import download_name, safe_name, unique_names
from gallery.models import Gallery, Photo
from gallery.tests.stored import stored_photo

pytestmark = pytest.mark.django_db

NAMES = {
    "x.html": "x.jpg",
    "x.exe": "x.jpg",
    "x.php": "x.jpg",
    "x.png": "x.jpg",
    "x.JPG": "x.JPG",
    "x.jpeg": "x.jpeg",
    "x": "x.jpg",
    "Dr. No": "Dr. No.jpg",
    "IMG.2041": "IMG.2041.jpg",
    "x.": "x.jpg",
    ".html": "html.jpg",
    "x.html.jpg": "x.html.jpg",
    "Été à Nîmes.jpg": "Été à Nîmes.jpg",
}


@pytest.mark.parametrize(("name", "expected"), NAMES.items())
def test_a_download_ends_in_what_it_is(name, expected):
    assert download_name(name, content_type="image/jpeg") == expected


@pytest.mark.parametrize(
    ("content_type", "ending"),
    [("image/heic", "heic"), ("image/tiff", "tif"), ("image/webp", "webp")],
)
def test_each_format_has_its_ending(content_type, ending):
    assert download_name("x.html", content_type=content_type) == f"x.{ending}"


def test_a_format_of_which_nothing_is_known_keeps_its_ending():
    assert download_name("x.raw", content_type="image/x-other") == "x.raw"


UNSAFE = {
    "con.jpg": "_con.jpg",
    "CON .jpg": "_CON.jpg",
    "com¹.jpg": "_com¹.jpg",
    "nul.tar.jpg": "_nul.tar.jpg",
    "a/b\\c.jpg": "a_b_c.jpg",
    "photo\u202egpj.exe": "photogpj.exe",
    "trailing... ": "trailing",
    "..": "photo",
    "\u200b": "photo",
}


@pytest.mark.parametrize(("name", "expected"), UNSAFE.items(), ids=map(ascii, UNSAFE))
def test_a_name_works_on_every_machine(name, expected):
    assert safe_name(name) == expected


def test_a_long_name_fits_into_every_file_system():
    for name in ["é" * 200 + ".jpg", "😀" * 120, "a." + "é" * 300]:
        assert len(safe_name(name).encode()) <= 255 - len("-1000")


def test_names_that_one_file_system_takes_for_one_are_told_apart():
    names = ["A.jpg", "a.JPG", "É.jpg", "e\u0301.jpg", "STRASSE.jpg", "straße.jpg"]

    found = list(unique_names(names))

    assert found == [
        "A.jpg",
        "a-2.JPG",
        "É.jpg",
        "é-2.jpg",
        "STRASSE.jpg",
        "straße-2.jpg",
    ]


@pytest.fixture
def odd(gallery, photographer):
    """As rows of before may be: written past the model."""
    photos = [
        stored_photo(gallery, photographer, name="x.html", seed=n) for n in (1, 2)
    ]
    Photo.objects.filter(pk=photos[0].pk).update(name="x.HTML")
    Gallery.objects.filter(pk=gallery.pk).update(name="A/B: CON\\ 50%")
    return photos[0]


def name_in(answer) -> str:
    """As a browser reads it."""
    encoded = answer["Content-Disposition"].partition("filename*=UTF-8''")[2]
    assert "/" not in encoded
    return unquote(encoded)


def test_what_is_sent_has_such_a_name(client, photographer, gallery, odd):
    client.force_login(photographer)
    original = f"/media/photos/{odd.pk}/original?download"
    rendition = f"/media/photos/{odd.pk}/preview?download"
    zipped = client.get(f"/galleries/{gallery.slug}/download/")
    content = io.BytesIO(b"".join(zipped.streaming_content))

    for address, name in [(original, "x.jpg"), (rendition, "x-preview.webp")]:
        answer = client.get(address)
        assert b"".join(answer.streaming_content)
        assert name_in(answer) == name
    assert name_in(zipped) == "A_B_ CON_ 50%.zip"
    assert zipfile.ZipFile(content).namelist() == ["x.jpg", "x-2.jpg"]
