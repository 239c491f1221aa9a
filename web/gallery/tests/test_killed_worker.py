"""`kill -9` in the middle of a photo, for real: the photo becomes ready, once."""

import os
import signal
import subprocess
import sys
import time
from functools import cache
from pathlib import Path

import pytest
from celery import current_app
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.utils import timezone

from gallery.intake import accept_uploads
from gallery.models import Photo
from gallery.tests.photos import encoded, picture

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


class Worker:
    """A worker as the stack runs it: a main process and one that draws."""

    def __init__(self, log):
        self.log = log
        self.process = subprocess.Popen(
            [sys.executable, "manage.py", "run_worker"],
            cwd=settings.BASE_DIR,
            env={
                **os.environ,
                "POSTGRES_DB": connection.settings_dict["NAME"],
                "WORKER_CONCURRENCY": "1",
            },
            stdout=log,
            stderr=log,
            start_new_session=True,
        )

    def children(self) -> list[int]:
        pid = self.process.pid
        return [
            int(child)
            for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        ]

    def kill(self):
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


@pytest.fixture
def empty_broker():
    with current_app.connection_for_write() as broker:
        broker.default_channel.client.flushdb()


@pytest.fixture
def start_worker(empty_broker, tmp_path):
    workers = []
    with (tmp_path / "worker.log").open("w") as log:

        def start() -> Worker:
            workers.append(Worker(log))
            return workers[-1]

        yield start
        for worker in workers:
            if worker.process.poll() is None:
                worker.kill()


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


def wait_for(photo, state, *, timeout_seconds=40):
    deadline = time.monotonic() + timeout_seconds
    while photo.state != state:
        assert time.monotonic() < deadline, (photo.state, photo.error)
        time.sleep(0.02)
        photo.refresh_from_db()


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
