"""A real worker, the real broker: what a message goes through."""

from datetime import timedelta

import pytest
from celery import current_app
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from gallery.models import Photo
from gallery.photo_import import accept_uploads
from gallery.queue import queue_length
from gallery.services import requeue_photos
from gallery.tests.photos import jpeg
from gallery.tests.workers import wait_for

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


@pytest.fixture
def uploaded(empty_broker, gallery, photographer):
    """Two good photos and one that was cut off, in this order."""
    contents = [jpeg(seed=1), jpeg(seed=2), jpeg(2000, 1500, seed=3)[:6_000]]
    files = [SimpleUploadedFile(f"{n}.jpg", data) for n, data in enumerate(contents)]
    accept_uploads(gallery, files, owner=photographer, now=timezone.now())
    return list(Photo.objects.order_by("name"))


def wait_until_all_are_done(photos):
    for photo, state in zip(photos, ["ready", "ready", "failed"], strict=True):
        wait_for(photo, state)


def test_uploads_become_ready_and_the_worker_outlives_a_bad_one(uploaded, start_worker):
    worker = start_worker()

    wait_until_all_are_done(uploaded)

    assert "cut off" in uploaded[2].error
    assert worker.process.poll() is None


def test_a_broker_that_is_wiped_under_a_running_worker_loses_no_photo(
    uploaded, start_worker
):
    with current_app.connection_for_write() as connection:
        broker = connection.default_channel.client
        assert queue_length() == 3
        broker.flushdb()
        assert queue_length() == 0
        start_worker()
        broker.flushdb()

        requeued = requeue_photos(now=timezone.now() + timedelta(minutes=2))

    assert requeued.lost_messages == 3
    wait_until_all_are_done(uploaded)
