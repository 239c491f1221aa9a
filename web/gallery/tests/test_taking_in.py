"""What becomes of a photo whose last byte has come."""

import errno
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from django.db import OperationalError
from django.utils import timezone

from gallery import sweeping, upload_processing
from gallery.models import Photo, Upload
from gallery.resumable import incoming_path
from gallery.tests.photos import jpeg
from gallery.tests.tus import the_upload

pytestmark = pytest.mark.django_db


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

    monkeypatch.setattr(upload_processing, "accept_member", broken)
    monkeypatch.setattr(
        upload_processing, "enqueue_upload", lambda one: sent.append(one.pk)
    )
    content = jpeg()
    address = sender.send(content)

    assert sender.client.get(address).json()["state"] == "waiting"
    assert incoming_path(the_upload()).read_bytes() == content
    assert sent == [the_upload().pk]


def test_a_photo_whose_request_lost_the_database_is_soon_taken_up(sender, monkeypatch):
    """Not even that it failed could be written down."""
    sent = []

    def gone(*_args, **_kwargs):
        raise OperationalError("server closed the connection unexpectedly")

    content = jpeg()
    address = sender.begin(content)
    with monkeypatch.context() as outage:
        outage.setattr(upload_processing, "accept_member", gone)
        outage.setattr(upload_processing, "pause", gone)
        sender.client.raise_request_exception = False
        assert sender.patch(address, content, offset=0).status_code >= 500
    monkeypatch.setattr(sweeping, "enqueue_upload", lambda one: sent.append(one.pk))

    now = timezone.now()
    assert sweeping.requeue_files(now=now + timedelta(seconds=100)).lost_runs == 0
    assert sweeping.requeue_files(now=now + timedelta(seconds=130)).lost_runs == 1
    assert sent == [the_upload().pk]
