"""Zips that were damaged or made up: refused with a reason, whatever is wrong."""

import struct

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from gallery.models import Photo
from gallery.photo_import import accept_uploads
from gallery.tests.photos import jpeg, zip_of
from gallery.upload_tasks import take_in_upload

pytestmark = pytest.mark.django_db

NAME = "café.jpg"  # not ASCII, so that its entry is flagged as UTF-8
ENTRY = b"PK\x01\x02"  # of the directory at the end
VERSION_OFFSET = 6  # in such an entry: the version that unpacking needs


def two_photos() -> bytearray:
    return bytearray(zip_of({NAME: jpeg(seed=1), "two.jpg": jpeg(seed=2)}))


def bad_name_in_directory() -> bytes:
    content = two_photos()
    place = content.rindex(NAME.encode())
    content[place] = 0xFF
    return content


def bad_name_before_the_photo() -> bytes:
    content = two_photos()
    content[content.index(NAME.encode())] = 0xFF
    return content


def version_of_the_future() -> bytes:
    content = two_photos()
    content[content.index(ENTRY) + VERSION_OFFSET] = 99
    return content


def directory_too_far_behind() -> bytes:
    content = two_photos()
    struct.pack_into("<I", content, len(content) - 6, len(content) + 100_000)
    return content


def member_named_dot() -> bytes:
    return zip_of({".": jpeg(seed=1), "two.jpg": jpeg(seed=2)})


def member_without_name() -> bytes:
    content = zip_of({"one.jpg": jpeg(seed=1), "two.jpg": jpeg(seed=2)})
    return content.replace(b"one.jpg", b"\0ne.jpg")  # a name ends at its first zero


ONE_REFUSED = {
    bad_name_before_the_photo: [(NAME, "damaged_zip"), ("two.jpg", "accepted")],
    member_named_dot: [("unnamed", "unsafe_path"), ("two.jpg", "accepted")],
    member_without_name: [("unnamed", "unsafe_path"), ("two.jpg", "accepted")],
}
ALL_REFUSED = {
    bad_name_in_directory: [("camp.zip", "damaged_zip")],
    version_of_the_future: [("camp.zip", "damaged_zip")],
    directory_too_far_behind: [(NAME, "damaged_zip"), ("two.jpg", "damaged_zip")],
}
CASES = list((ONE_REFUSED | ALL_REFUSED).items())


@pytest.mark.parametrize(("damage", "expected"), CASES)
def test_what_is_wrong_with_a_zip_is_told(
    gallery, photographer, sent, damage, expected
):
    files = [
        SimpleUploadedFile("before.jpg", jpeg(seed=3)),
        SimpleUploadedFile("camp.zip", bytes(damage())),
        SimpleUploadedFile("after.jpg", jpeg(seed=4)),
    ]

    before, *found, after = accept_uploads(
        gallery, files, owner=photographer, now=timezone.now()
    )

    assert (before.code, after.code) == ("accepted", "accepted")
    assert [(result.name, result.code) for result in found] == expected
    for result in found:
        assert result.message.endswith(".")


@pytest.mark.parametrize("damage", [damage for damage, _expected in CASES])
def test_the_api_answers_for_each_file(client, photographer, gallery, sent, damage):
    client.force_login(photographer)
    zipped = SimpleUploadedFile("camp.zip", bytes(damage()))
    files = [SimpleUploadedFile("good.jpg", jpeg(seed=3)), zipped]

    answer = client.post(f"/api/galleries/{gallery.slug}/photos/", {"files": files})

    good, *others = answer.json()["results"]
    assert answer.status_code == 201
    assert good["status"] == "accepted"
    assert "rejected" in {result["status"] for result in others}


@pytest.mark.parametrize("damage", [damage for damage, _expected in CASES])
def test_in_chunks_a_worker_comes_to_an_end_with_it(sender, sent, damage, monkeypatch):
    monkeypatch.setattr(
        "gallery.upload_processing.enqueue_upload", lambda _upload: True
    )
    address = sender.send(bytes(damage()), name="camp.zip")

    take_in_upload.apply(args=[address.strip("/").split("/")[-1]]).get()

    answer = sender.client.get(address).json()
    assert answer["state"] == "done"
    statuses = [result["status"] for result in answer["results"]]
    assert "rejected" in statuses
    assert statuses.count("accepted") == Photo.objects.count()
