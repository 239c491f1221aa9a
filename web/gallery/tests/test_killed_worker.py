"""`kill -9` in the middle of a photo, for real: the photo becomes ready, once."""

import os
import signal
from functools import cache

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from gallery.models import Photo
from gallery.photo_import import accept_uploads
from gallery.tests.photos import encoded, picture
from gallery.tests.workers import wait_for

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


@cache
def large_png() -> bytes:
    return encoded(picture(7000, 7000), "PNG", compress_level=1)


@pytest.fixture
def slow_photo(empty_broker, gallery, photographer):
    """Large enough that drawing it takes a second or two."""
    content = large_png()
    accept_uploads(
        gallery,
        [SimpleUploadedFile("large.png", content)],
        owner=photographer,
        now=timezone.now(),
    )
    return Photo.objects.get()


def files_of(photo):
    folder = settings.MEDIA_ROOT / "photos" / photo.folder
    return sorted(path.name for path in folder.iterdir())


def test_the_whole_worker_is_killed_and_the_next_one_goes_on(slow_photo, start_worker):
    first = start_worker()
    wait_for(slow_photo, Photo.State.WORKING)
    first.kill()
    slow_photo.refresh_from_db()
    assert slow_photo.state == Photo.State.WORKING, "killed too late to prove anything"

    start_worker()

    wait_for(slow_photo, Photo.State.READY)
    assert slow_photo.attempts == 2
    assert files_of(slow_photo) == ["original.png", "preview.webp", "thumbnail.webp"]


def test_the_drawing_process_is_killed_and_the_worker_lives_on(
    slow_photo, start_worker
):
    worker = start_worker()
    wait_for(slow_photo, Photo.State.WORKING)
    for child in worker.children():
        os.kill(child, signal.SIGKILL)

    wait_for(slow_photo, Photo.State.READY)
    assert slow_photo.attempts == 2
    assert worker.process.poll() is None
    assert files_of(slow_photo) == ["original.png", "preview.webp", "thumbnail.webp"]
