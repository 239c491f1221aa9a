"""A real worker, the real broker: what a message goes through."""

import pytest
from celery import current_app
from celery.contrib.testing.worker import start_worker
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone
from redis import Redis

from gallery.intake import accept_uploads
from gallery.models import Photo
from gallery.queue import queue_length
from gallery.services import requeue_photos
from gallery.tests.photos import jpeg

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


@pytest.fixture
def broker():
    """The broker, empty before and after."""
    with current_app.connection_for_write() as connection:
        client: Redis = connection.default_channel.client
        client.flushdb()
        yield client
        client.flushdb()


@pytest.fixture
def worker(broker):
    with start_worker(
        current_app, perform_ping_check=False, pool="threads", queues=["images"]
    ):
        yield


def upload(gallery, owner, *seeds):
    files = [SimpleUploadedFile(f"{seed}.jpg", jpeg(seed=seed)) for seed in seeds]
    return accept_uploads(gallery, files, owner=owner, now=timezone.now())


def wait_until_finished(timeout_seconds=20):
    deadline = timezone.now() + timezone.timedelta(seconds=timeout_seconds)
    while Photo.objects.unfinished().exists():
        assert timezone.now() < deadline, Photo.objects.values_list("state", "error")


def test_uploads_become_ready(gallery, photographer, worker):
    upload(gallery, photographer, 1, 2, 3)

    wait_until_finished()

    assert {photo.state for photo in Photo.objects.all()} == {"ready"}


def test_a_wiped_broker_loses_no_photo(gallery, photographer, broker):
    upload(gallery, photographer, 1, 2)
    assert queue_length() == 2
    broker.flushdb()
    assert queue_length() == 0

    later = timezone.now() + timezone.timedelta(minutes=2)
    requeued = requeue_photos(now=later)

    assert requeued.lost_messages == 2
    assert queue_length() == 2
    with start_worker(
        current_app, perform_ping_check=False, pool="threads", queues=["images"]
    ):
        wait_until_finished()
    assert {photo.state for photo in Photo.objects.all()} == {"ready"}
