"""Names in zips that do not say how they are written."""

import io
import struct
import unicodedata
import zipfile
import zlib

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from gallery.models.search import search_query
from gallery.photo_import import accept_uploads
from gallery.tests.photos import jpeg
from gallery.zip_names import UNICODE_PATH

pytestmark = pytest.mark.django_db


class Unflagged(zipfile.ZipInfo):
    """Written in some code page, with nothing that says so."""

    def __init__(self, raw: bytes, *, extra=b""):
        super().__init__(raw.decode("cp437"))
        self._raw, self.extra = raw, extra

    def _encodeFilenameFlags(self):
        return self._raw, self.flag_bits & ~0x800


def zip_with(raw_names, *, extra=b"") -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for number, raw in enumerate(raw_names):
            archive.writestr(Unflagged(raw, extra=extra), jpeg(seed=number))
    return buffer.getvalue()


@pytest.fixture
def taken(gallery, photographer, sent):
    def take(content):
        files = [SimpleUploadedFile("camp.zip", content)]
        return accept_uploads(gallery, files, owner=photographer, now=timezone.now())

    return take


WRITTEN = {
    "Finder": (
        [unicodedata.normalize("NFD", "Été à Nîmes.jpg"), "東京.jpg", "plain.jpg"],
        "utf-8",
    ),
    "Explorer in France": (["À la plage.jpg", "Été.jpg", "Señor Ñandú.jpg"], "cp850"),
    "Explorer in the United States": (["Résumé.jpg", "Café ½.jpg"], "cp437"),
    "an old Windows program": (["Été à Nîmes.jpg", "L’œuvre.jpg"], "cp1252"),
    "Explorer in Russia": (["Привет, Москва.jpg", "ёлка.jpg"], "cp866"),
    "an old Russian program": (["Привет, Москва.jpg", "Ёлка.jpg"], "cp1251"),
    "Explorer in Germany": (["Größe.jpg", "Übung macht den Meister.jpg"], "cp850"),
}


@pytest.mark.parametrize(("names", "page"), WRITTEN.values(), ids=WRITTEN.keys())
def test_names_come_in_as_they_were_written(taken, gallery, names, page):
    results = taken(zip_with(f"Photos/{name}".encode(page) for name in names))

    expected = [unicodedata.normalize("NFC", name) for name in names]
    assert [result.name for result in results] == expected
    assert {result.status for result in results} == {"accepted"}
    assert not any(result.photo.notice for result in results)


def test_what_came_so_is_found_and_comes_back_by_its_name(taken, client, gallery):
    taken(zip_with([unicodedata.normalize("NFD", "Été à Nîmes.jpg").encode()]))
    client.force_login(gallery.owner)

    photo = gallery.photos.get(search=search_query("ete nimes"))
    answer = client.get(f"/galleries/{gallery.slug}/download/")
    zipped = io.BytesIO(b"".join(answer.streaming_content))

    assert photo.name == "Été à Nîmes.jpg"
    assert zipfile.ZipFile(zipped).namelist() == ["Été à Nîmes.jpg"]


@pytest.mark.parametrize("is_of_this_name", [True, False])
def test_the_extra_field_with_the_name_is_believed_if_it_is_of_it(
    taken, is_of_this_name
):
    raw = "Łódź.jpg".encode("cp852")
    checksum = zlib.crc32(raw) ^ (not is_of_this_name)
    body = struct.pack("<BI", 1, checksum) + "東京.jpg".encode()
    extra = struct.pack("<HH", UNICODE_PATH, len(body)) + body

    (result,) = taken(zip_with([raw], extra=extra))

    assert (result.name == "東京.jpg") == is_of_this_name


def test_what_is_in_no_known_code_page_is_taken_and_told(taken):
    name = "東京タワーの写真.jpg"

    (result,) = taken(zip_with([name.encode("shift-jis")]))

    assert result.status == "accepted"
    assert result.name != name
    assert "it may be garbled" in result.photo.notice


def test_a_hundred_thousand_names_are_looked_at_in_seconds():
    from gallery.zip_names import names_of

    infos = [Unflagged(f"{n} été.jpg".encode("cp850")) for n in range(100_000)]
    for info in infos:
        info.flag_bits = 0

    names = names_of(infos)

    assert {name.text.split()[1] for name in names} == {"été.jpg"}
