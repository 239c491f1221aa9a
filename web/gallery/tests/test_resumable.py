"""The bytes of uploads: in order, once, within the limits, whatever breaks."""

import errno
import io
import os
import random
from types import SimpleNamespace

import pytest
from django.http import UnreadablePostError
from django.utils import timezone

from gallery import quota, resumable
from gallery.exceptions import WrongOffset
from gallery.models import Upload
from gallery.resumable import (
    alone_with,
    begin,
    incoming_path,
    offset_of,
    receive,
    write_all,
)
from gallery.tests.tus import the_upload

pytestmark = pytest.mark.django_db


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
        quota.shutil, "disk_usage", lambda _path: SimpleNamespace(free=99)
    )

    answer = sender.create(100)

    assert (answer.status_code, answer.json()["code"]) == (507, "no_room")
    assert not Upload.objects.exists()


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
