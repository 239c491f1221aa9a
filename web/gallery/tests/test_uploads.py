"""The tus endpoint, from the first request to the photo in the gallery."""

import base64
import errno
import io
import os
import random
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from uuid import uuid4

import pytest
from django.contrib.auth.models import Group
from django.http import UnreadablePostError
from django.utils import timezone

from accounts.models import User
from gallery import resumable, taking_in
from gallery.exceptions import WrongOffset
from gallery.models import Photo, Upload
from gallery.resumable import (
    alone_with,
    begin,
    incoming_path,
    offset_of,
    receive,
    write_all,
)
from gallery.tests.photos import jpeg

pytestmark = pytest.mark.django_db
CHUNK = "application/offset+octet-stream"


class Sender:
    """A tus client, as small as it can be."""

    def __init__(self, client, gallery):
        self.client = client
        self.url = f"/api/galleries/{gallery.slug}/uploads/"

    def create(self, length, *, name="camp.jpg", **headers):
        metadata = f"filename {base64.b64encode(name.encode()).decode()}"
        given = {"Upload-Length": str(length), "Upload-Metadata": metadata}
        return self.client.post(
            self.url, headers={"Tus-Resumable": "1.0.0"} | given | headers
        )

    def begin(self, content, *, name="camp.jpg"):
        return self.create(len(content), name=name)["Location"]

    def offset(self, address):
        return int(self.client.head(address)["Upload-Offset"])

    def patch(self, address, chunk, *, offset, **headers):
        return self.client.patch(
            address,
            chunk,
            content_type=CHUNK,
            headers={"Tus-Resumable": "1.0.0", "Upload-Offset": str(offset)} | headers,
        )

    def send(self, content, *, name="camp.jpg", piece=5_000):
        address = self.begin(content, name=name)
        for start in range(0, len(content), piece):
            answer = self.patch(address, content[start : start + piece], offset=start)
            assert answer.status_code == 204, answer.content
        return address


@pytest.fixture
def sender(client, photographer, gallery):
    client.force_login(photographer)
    return Sender(client, gallery)


def the_upload():
    return Upload.objects.get()


def test_a_photo_in_chunks_is_judged_with_its_last_byte(sender, sent):
    content = jpeg()
    address = sender.send(content)

    answer = sender.client.get(address).json()
    photo = Photo.objects.get()
    assert (answer["state"], answer["received_bytes"]) == ("done", len(content))
    assert [result["status"] for result in answer["results"]] == ["accepted"]
    assert answer["results"][0]["photo"]["id"] == str(photo.pk)
    with photo.original.open() as stored:
        assert stored.read() == content


def test_the_endpoint_says_what_it_speaks(sender):
    answer = sender.client.options(sender.url)

    assert answer["Tus-Version"] == answer["Tus-Resumable"] == "1.0.0"
    assert answer["Tus-Extension"] == "creation,termination,expiration"
    assert int(answer["Tus-Max-Size"]) == 4096 * 1024 * 1024
    other = sender.create(5, **{"Tus-Resumable": "0.2.2"})
    assert (other.status_code, other.json()["code"]) == (412, "tus_version")


def test_head_tells_where_to_go_on_after_a_break(sender):
    content = jpeg()
    address = sender.begin(content, name="Élan.jpg")
    sender.patch(address, content[:1000], offset=0)

    answer = sender.client.head(address)

    assert answer.status_code == 200
    assert (answer["Upload-Offset"], answer["Upload-Length"]) == (
        "1000",
        str(len(content)),
    )
    assert answer["Upload-Expires"].endswith("GMT")
    assert answer["Cache-Control"] == "no-store"
    listed = sender.client.get(sender.url).json()["results"]
    assert [(one["name"], one["received_bytes"]) for one in listed] == [
        ("Élan.jpg", 1000)
    ]


def test_a_chunk_at_the_wrong_place_is_refused_and_changes_nothing(sender):
    address = sender.begin(b"x" * 100)
    sender.patch(address, b"x" * 40, offset=0)

    for offset in (0, 39, 41, 100):
        answer = sender.patch(address, b"y" * 10, offset=offset)
        assert (answer.status_code, answer.json()["code"]) == (409, "wrong_offset")
    assert sender.offset(address) == 40
    assert incoming_path(the_upload()).read_bytes() == b"x" * 40


def test_what_is_too_long_is_refused(sender, settings):
    address = sender.begin(b"x" * 100)
    answer = sender.patch(address, b"x" * 101, offset=0)
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")

    settings.UPLOAD_LIMIT_MB, settings.UPLOAD_ZIP_LIMIT_MB = 1, 2
    mega = 1024 * 1024
    assert sender.create(mega + 1, name="a.jpg").status_code == 413
    assert sender.create(mega + 1, name="A.ZIP").status_code == 201
    assert sender.create(2 * mega + 1, name="a.zip").status_code == 413


def test_what_is_called_zip_and_is_none_is_refused_with_its_first_bytes(
    sender, settings
):
    settings.UPLOAD_LIMIT_MB = 1
    address = sender.create(2_000_000, name="a.zip")["Location"]

    answer = sender.patch(address, b"no zip at all", offset=0)

    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")
    assert the_upload().state == Upload.State.FAILED
    assert not incoming_path(the_upload()).exists()


@pytest.mark.parametrize(
    "headers",
    [
        {"Upload-Length": ""},
        {"Upload-Length": "0"},
        {"Upload-Length": "-5"},
        {"Upload-Length": "٣"},
        {"Upload-Length": "9" * 400},
        {"Upload-Metadata": "filename !!!"},
        {"Upload-Metadata": "filename /w=="},
    ],
)
def test_headers_that_make_no_sense_are_named(sender, headers):
    answer = sender.create(5, **headers)

    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_header")
    assert not Upload.objects.exists()


def test_a_chunk_must_be_of_its_own_kind(sender):
    address = sender.begin(b"x" * 10)
    answer = sender.client.patch(
        address, b"x" * 10, content_type="image/jpeg", headers={"Upload-Offset": "0"}
    )
    assert answer.status_code == 415
    assert sender.patch(address, b"xx", offset="").status_code == 400


def test_somebody_elses_upload_is_not_there(sender, client):
    address = sender.begin(b"x" * 10)
    other = User.objects.create_user("other@example.com", "somebody-else-9")
    other.groups.add(Group.objects.get(name="moderator"))
    client.force_login(other)

    assert client.head(address).status_code == 404
    assert client.get(address).status_code == 404
    assert sender.patch(address, b"x", offset=0).status_code == 404
    assert client.delete(address).status_code == 404
    assert client.get(sender.url).json()["results"] == []
    assert client.get(f"/api/uploads/{uuid4()}/").status_code == 404


def test_members_and_strangers_cannot_upload(client, sender, gallery):
    address = sender.begin(b"x" * 10)
    photographer = Upload.objects.get().owner
    photographer.groups.set([Group.objects.get(name="member")])
    client.force_login(User.objects.get(pk=photographer.pk))

    assert sender.create(10).status_code == 403
    assert sender.patch(address, b"x", offset=0).status_code == 403
    assert client.get(sender.url).status_code == 403
    client.logout()
    assert sender.create(10).status_code in {401, 403}
    assert Upload.objects.count() == 1


def test_a_gallery_that_one_may_not_see_takes_no_upload(sender, gallery):
    owner = User.objects.create_user("owner@example.com", "somebody-else-9")
    gallery.owner, gallery.visibility = owner, "private"
    gallery.save()

    assert sender.create(10).status_code == 404


def test_a_cancelled_upload_leaves_nothing(sender):
    address = sender.begin(b"x" * 10)
    sender.patch(address, b"x" * 5, offset=0)
    path = incoming_path(the_upload())

    assert sender.client.delete(address).status_code == 204

    assert not path.exists()
    assert sender.client.head(address).status_code == 404


def test_nothing_goes_on_after_a_day(sender):
    address = sender.begin(b"x" * 10)
    a_day_ago = timezone.now() - timedelta(hours=24)
    Upload.objects.update(touched_at=a_day_ago)

    answer = sender.patch(address, b"x" * 10, offset=0)

    assert (answer.status_code, answer.json()["code"]) == (410, "upload_expired")
    assert sender.client.head(address).status_code == 410
    assert sender.client.get(sender.url).json()["results"] == []


def test_two_requests_never_write_to_one_upload(sender):
    address = sender.begin(b"x" * 10)
    upload = the_upload()

    with alone_with(upload):
        answer = sender.patch(address, b"x" * 10, offset=0)

    assert (answer.status_code, answer.json()["code"]) == (423, "upload_busy")
    assert sender.patch(address, b"x" * 10, offset=0).status_code == 204


@pytest.mark.parametrize(
    ("in_row", "in_file", "offset"), [(50, 70, 50), (50, 30, 30), (50, None, 0)]
)
def test_after_a_crash_what_row_and_file_both_know_is_true(
    sender, in_row, in_file, offset
):
    """A crash between the file and the row, a disk that lost the end, and all of it."""
    content = bytes(range(100))
    address = sender.begin(content)
    upload = the_upload()
    path = incoming_path(upload)
    path.unlink() if in_file is None else path.write_bytes(content[:in_file])
    Upload.objects.update(received_bytes=in_row)

    assert sender.offset(address) == offset
    answer = sender.patch(address, content[offset:90], offset=offset)

    assert answer["Upload-Offset"] == "90"
    assert path.read_bytes() == content[:90]


def test_a_full_disk_is_told_and_what_came_is_kept(sender, monkeypatch):
    content = bytes(range(200))
    address = sender.begin(content)
    sender.patch(address, content[:50], offset=0)
    monkeypatch.setattr(resumable, "write_all", full_disk(30))
    answer = sender.patch(address, content[50:150], offset=50)

    assert (answer.status_code, answer.json()["code"]) == (507, "no_room")
    assert "operators" in answer.json()["detail"]
    monkeypatch.undo()
    assert sender.offset(address) == 80
    assert sender.patch(address, content[80:], offset=80).status_code == 204
    assert the_upload().received_bytes == 200


def full_disk(room_bytes):
    """Takes so many bytes, then has no room, as a file on a small disk does."""

    class Small:
        def __init__(self, file):
            self.file, self.room = file, room_bytes

        def write(self, piece):
            if not self.room:
                raise OSError(errno.ENOSPC, "No space left on device")
            written = self.file.write(bytes(piece)[: self.room])
            self.room -= written
            return written

    return lambda file, piece: write_all(Small(file), piece)


def test_an_upload_that_would_not_fit_is_not_begun(sender, monkeypatch):
    monkeypatch.setattr(
        resumable.shutil, "disk_usage", lambda _path: SimpleNamespace(free=99)
    )

    answer = sender.create(100)

    assert (answer.status_code, answer.json()["code"]) == (507, "no_room")
    assert not Upload.objects.exists()


def test_the_answer_to_the_last_chunk_may_get_lost(sender):
    content = jpeg()
    address = sender.send(content)

    assert sender.offset(address) == len(content)
    assert sender.patch(address, b"", offset=len(content)).status_code == 204
    assert sender.patch(address, b"x", offset=0).status_code == 409
    assert Photo.objects.count() == 1


def test_a_photo_is_moved_and_not_copied(sender):
    content = jpeg()
    address = sender.begin(content)
    sender.patch(address, content[:100], offset=0)
    inode = incoming_path(the_upload()).stat().st_ino

    sender.patch(address, content[100:], offset=100)

    assert Path(Photo.objects.get().original.path).stat().st_ino == inode
    assert list(incoming_path(the_upload()).parent.iterdir()) == []


def test_bad_photos_and_known_ones_are_told_apart(sender):
    content = jpeg()
    sender.send(content)

    again = sender.client.get(sender.send(content, name="again.jpg")).json()
    bad = sender.client.get(sender.send(b"not a photo", name="bad.jpg")).json()

    assert again["results"][0]["status"] == "duplicate"
    assert (bad["state"], bad["results"][0]["status"]) == ("done", "rejected")
    assert bad["results"][0]["photo"] is None
    assert list(incoming_path(Upload(pk=uuid4())).parent.iterdir()) == []


def test_a_photo_whose_judging_fails_is_left_to_a_worker(sender, monkeypatch):
    sent = []

    def broken(*_args, **_kwargs):
        raise OSError(errno.EIO, "The bucket does not answer")

    monkeypatch.setattr(taking_in, "accept_photo", broken)
    monkeypatch.setattr(taking_in, "enqueue_upload", lambda one: sent.append(one.pk))
    content = jpeg()
    address = sender.send(content)

    assert sender.client.get(address).json()["state"] == "waiting"
    assert incoming_path(the_upload()).read_bytes() == content
    assert sent == [the_upload().pk]


class Broken(io.BytesIO):
    """A connection that breaks, with or without an error."""

    def __init__(self, content, *, raises):
        super().__init__(content)
        self.raises = raises

    def read(self, size=-1):
        piece = super().read(size)
        if not piece and self.raises:
            raise UnreadablePostError("connection reset")
        return piece


@pytest.mark.parametrize("seed", range(12))
def test_however_it_is_broken_up_the_bytes_arrive(
    gallery, photographer, monkeypatch, seed
):
    """Random chunks, breaks, retries at stale offsets, crashes between file and row."""
    chance = random.Random(seed)
    content = chance.randbytes(chance.randrange(1, 900_000))
    now = timezone.now()
    upload = begin(
        gallery=gallery, owner=photographer, name="x", size_bytes=len(content), now=now
    )
    whole = None
    for _step in range(500):
        upload = Upload.objects.get()
        if upload.state != Upload.State.RECEIVING:
            whole = incoming_path(upload).read_bytes()
            break
        offset = offset_of(upload)
        length = min(chance.randrange(1, 200_000), len(content) - offset)
        sent = chance.choice([length, chance.randrange(length + 1)])
        stream = Broken(content[offset : offset + sent], raises=chance.random() < 0.5)
        event = chance.random()
        if event < 0.2:
            with pytest.raises(WrongOffset):
                receive(upload, stream, offset=offset + 1, length=0, now=now)
        elif event < 0.4:  # the power fails before the row and the end are written
            with monkeypatch.context() as cut:
                cut.setattr(resumable, "note_received", lambda *_a, **_k: None)
                receive(upload, stream, offset=offset, length=length, now=now)
            with incoming_path(upload).open("ab") as file:
                file.write(b"\0" * chance.randrange(5000))
        elif event < 0.5 and offset:  # the disk forgot its end
            os.truncate(incoming_path(upload), chance.randrange(offset))
        else:
            receive(upload, stream, offset=offset, length=length, now=now)
    assert whole == content
