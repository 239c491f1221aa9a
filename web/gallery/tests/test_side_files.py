"""What lies in zips beside photos: passed over, counted, or read for a date."""

import io
import json
import zipfile
from datetime import UTC, datetime

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone
from django.utils.translation import override
from PIL import ExifTags, Image

from gallery import archives
from gallery.models import Photo
from gallery.photo_import import accept_uploads
from gallery.side_files import is_left_by_a_system, may_be_a_photo, passed_over
from gallery.tests.photos import encoded, jpeg, picture, zip_of
from gallery.upload_tasks import take_in_upload

pytestmark = pytest.mark.django_db
TOLD = datetime(2009, 11, 16, 12, 51, 58, tzinfo=UTC)
SIDE = json.dumps({"photoTakenTime": {"timestamp": str(int(TOLD.timestamp()))}})
TAKEOUT = "Takeout/Google Photos/Photos from 2009"


@pytest.fixture
def taken(gallery, photographer, sent):
    def take(files):
        upload = SimpleUploadedFile("all.zip", zip_of(files))
        return accept_uploads(gallery, [upload], owner=photographer, now=timezone.now())

    return take


def test_what_is_no_photo_is_counted_in_one_line(taken, sent):
    results = taken(
        {
            "one.jpg": jpeg(seed=1),
            "two": jpeg(seed=2),
            "Dr. No": jpeg(seed=3),
            "IMG.2041": jpeg(seed=4),
            "a.mp4": b"x",
            "b.MP4": b"x",
            "one.jpg.json": b"{}",
            "one.xmp": b"<xmp>",
            "report.pdf": b"%PDF",
        }
    )

    *photos, line = results
    assert [result.status for result in photos] == ["accepted"] * 4
    assert (line.name, line.status, line.code) == ("all.zip",) + ("passed_over",) * 2
    assert line.message == (
        "5 other files were passed over: 2 mp4, 1 json, 1 xmp, 1 pdf."
    )


LEFT = [
    "__MACOSX/Album/._beach.jpg",
    "Album/.DS_Store",
    "Album/._beach.jpg",
    "Album/Thumbs.db",
    "Album/desktop.ini",
    "Album/Picasa.ini",
    "Album/@eaDir/beach.jpg/SYNOPHOTO_THUMB_M.jpg",
    "Album\\@eaDir\\beach.jpg\\SYNOPHOTO_THUMB_L.jpg",
    "Album/.@__thumb/s100beach.jpg",
    "Album/@Recycle/old.jpg",
    "$RECYCLE.BIN/S-1-5/old.jpg",
    "DCIM/.thumbnails/1.jpg",
    "DCIM/.trashed-1699-IMG_1.jpg",
    "WhatsApp Images/.nomedia",
]


def test_what_systems_leave_behind_is_left_out_without_a_word(taken, sent):
    photo = jpeg(seed=1)
    results = taken(
        {"Album/beach.jpg": photo, "Album/": b""}
        | {name: jpeg(seed=2 + number) for number, name in enumerate(LEFT)}
    )

    assert [(one.name, one.status) for one in results] == [("beach.jpg", "accepted")]


@pytest.mark.parametrize("name", ["a.jpg", "A.JPEG", "a.heic", "a.dng", "a.zip", "a"])
def test_what_is_called_like_a_picture_is_opened(name):
    assert may_be_a_photo(name)
    assert not is_left_by_a_system(name)


def test_a_photo_that_is_none_is_still_refused_in_words(taken):
    (result,) = taken({"a.jpg": b"no photo at all"})

    assert (result.status, result.code) == ("rejected", "not_an_image")


def test_a_zip_without_a_photo_says_what_is_in_it(taken):
    (result,) = taken({"a.mp4": b"x", "b.mp4": b"x"})

    assert (result.name, result.code) == ("all.zip", "no_photo")
    assert result.message == (
        "There is no photo in the zip. 2 other files were passed over: 2 mp4."
    )


def test_side_files_do_not_count_against_the_limits(taken, sent, monkeypatch):
    monkeypatch.setattr(archives, "MOST_FILES", 2)
    others = {f"{number}.json": b"x" * 2000 for number in range(20)}

    *photos, line = taken({"a.jpg": jpeg(seed=1), "b.jpg": jpeg(seed=2)} | others)

    assert [photo.status for photo in photos] == ["accepted"] * 2
    assert line.message == "20 other files were passed over: 20 json."


def test_the_line_is_told_in_french_and_cut_after_six_kinds():
    names = [f"{number}.e{number}" for number in range(1200)]

    with override("fr"):
        told = passed_over(["a.json"])
    assert told == "1 autre fichier a été laissé de côté\N{NO-BREAK SPACE}: 1 json."
    assert passed_over(names).startswith("1,200 other files were passed over: 1 e0, ")
    assert passed_over(names).endswith(", ….")
    assert passed_over([]) == ""


def test_a_worker_tells_the_line_once_however_often_it_is_broken_off(
    sender, sent, monkeypatch
):
    monkeypatch.setattr(
        "gallery.upload_processing.enqueue_upload", lambda _upload: True
    )
    monkeypatch.setattr("gallery.upload_tasks.enqueue_upload", lambda _upload: True)
    monkeypatch.setattr("gallery.upload_processing.SLICE_SECONDS", -1)  # one file a run
    files = {"a.jpg": jpeg(seed=1), "b.jpg": jpeg(seed=2), "c.txt": b"x"}
    address = sender.send(zip_of(files), name="all.zip")

    for _run in range(4):
        take_in_upload.apply(args=[address.strip("/").split("/")[-1]]).get()

    answer = sender.client.get(address).json()
    assert answer["state"] == "done"
    assert [result["status"] for result in answer["results"]] == [
        "accepted",
        "accepted",
        "passed_over",
    ]


LONG = "A very long name of a photo that somebody gave it in 2009"
PAIRS = {
    "of today": ("IMG_1.jpg", "IMG_1.jpg.supplemental-metadata.json"),
    "of earlier years": ("IMG_1.jpg", "IMG_1.jpg.json"),
    "cut": ("2009_lake.jpeg_HDR.jpg", "2009_lake.jpeg_HDR.jpg.supplemental-metad.json"),
    "of a long name": (f"{LONG}.jpg"[:47] + ".jpg", f"{LONG[:46]}.json"),
    "numbered": ("IMG_1(2).jpg", "IMG_1.jpg(2).json"),
    "numbered, of today": ("IMG_1(2).jpg", "IMG_1.jpg.supplemental-metadata(2).json"),
    "edited": ("IMG_1-edited.jpg", "IMG_1.jpg.supplemental-metadata.json"),
    "edited in French": ("IMG_1-modifié.jpg", "IMG_1.jpg.json"),
    "without the ending": ("IMG_1.jpg", "IMG_1.json"),
}


@pytest.mark.parametrize(("name", "side"), PAIRS.values(), ids=PAIRS.keys())
def test_takeouts_side_file_tells_when_the_photo_was_taken(taken, sent, name, side):
    other = json.dumps({"photoTakenTime": {"timestamp": "1"}})
    taken(
        {
            f"{TAKEOUT}/{name}": encoded(picture(seed=1), "JPEG"),
            f"{TAKEOUT}/{side}": SIDE,
            f"{TAKEOUT}/IMG_1(7).jpg.json": other,
            f"{TAKEOUT}/IMG.jpg.json": other,
            f"Takeout/Another album/{side}": other,
        }
    )

    photo = Photo.objects.get()
    assert photo.taken_at == TOLD
    assert photo.position // 1_000_000 == int(TOLD.timestamp())


def test_what_the_photo_itself_says_goes_before(taken, sent):
    exif = Image.Exif()
    exif.get_ifd(ExifTags.IFD.Exif)[0x9003] = "2020:01:02 03:04:05"
    content = encoded(picture(seed=1), "JPEG", exif=exif)

    taken({"IMG_1.jpg": content, "IMG_1.jpg.json": SIDE})

    assert Photo.objects.get().taken_at.year == 2020


HOSTILE = {
    "deep": b"[" * 100_000,
    "no JSON": b"\xff\xfe",
    "a list": b"[1]",
    "far away": b'{"photoTakenTime": {"timestamp": "99999999999999999999"}}',
    "no number": b'{"photoTakenTime": {"timestamp": "NaN"}}',
    "of nothing": b'{"photoTakenTime": {"timestamp": "0"}}',
    "of the future": b'{"photoTakenTime": {"timestamp": "99999999999"}}',
    "long": b'{"a": "' + b"x" * 300_000 + b'"}',
}


@pytest.mark.parametrize("side", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_side_file_that_makes_no_sense_costs_no_photo(taken, sent, side):
    photo, _line = taken({"a.jpg": encoded(picture(), "JPEG"), "a.jpg.json": side})

    assert photo.status == "accepted"
    assert photo.photo.taken_at is None


def encrypted() -> bytes:
    content = bytearray(zip_of({"a.jpg": jpeg(seed=1), "b.jpg": jpeg(seed=2)}))
    content[content.index(b"PK\x01\x02") + 8] |= 1
    content[content.index(b"PK\x03\x04") + 6] |= 1
    return bytes(content)


def other_method() -> bytes:
    """Deflate64, which Explorer takes for what is larger than 2 GB."""
    content = bytearray(zip_of({"a.jpg": jpeg(seed=1), "b.jpg": jpeg(seed=2)}))
    content[content.index(b"PK\x01\x02") + 10] = 9
    content[content.index(b"PK\x03\x04") + 8] = 9
    return bytes(content)


def doubled() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("a.jpg", jpeg(seed=1))
        with pytest.warns(UserWarning, match="Duplicate name"):
            archive.writestr("a.jpg", jpeg(seed=2))
    return buffer.getvalue()


def large_format() -> bytes:
    buffer = io.BytesIO()
    with (
        zipfile.ZipFile(buffer, "w") as archive,
        archive.open("a.jpg", "w", force_zip64=True) as file,
    ):
        file.write(jpeg(seed=1))
    return buffer.getvalue()


RARE = {
    encrypted: [("a.jpg", "damaged_zip", "password"), ("b.jpg", "accepted", "")],
    other_method: [("a.jpg", "damaged_zip", "deflate64"), ("b.jpg", "accepted", "")],
    doubled: [("a.jpg", "accepted", ""), ("a.jpg", "accepted", "")],
    large_format: [("a.jpg", "accepted", "")],
    lambda: zip_of({"in.zip": zip_of({"a.jpg": jpeg()}), "b.jpg": jpeg(seed=2)}): [
        ("in.zip", "zip_in_zip", "zip inside"),
        ("b.jpg", "accepted", ""),
    ],
    lambda: zip_of({"/etc/a.jpg": jpeg(), "C:\\b.jpg": jpeg(), "..\\c.jpg": jpeg()}): [
        ("a.jpg", "unsafe_path", "out of the zip"),
        ("b.jpg", "unsafe_path", "out of the zip"),
        ("c.jpg", "unsafe_path", "out of the zip"),
    ],
}


@pytest.mark.parametrize(("made", "expected"), RARE.items(), ids=map(str, range(6)))
def test_rare_zips_end_in_one_sentence_for_each_file(
    gallery, photographer, sent, made, expected
):
    files = [SimpleUploadedFile("rare.zip", made())]
    results = accept_uploads(gallery, files, owner=photographer, now=timezone.now())

    assert [(one.name, one.code) for one in results] == [row[:2] for row in expected]
    for result, (_name, code, words) in zip(results, expected, strict=True):
        assert words in result.message
        assert code == "accepted" or result.message.endswith(".")
