import shutil

import pytest
from celery import current_app
from django.conf import settings
from django.contrib.auth.models import Group
from django.core.files.uploadedfile import SimpleUploadedFile

from accounts.models import User
from accounts.services import fill_groups
from gallery.models import Gallery
from gallery.tests.tus import Sender
from socle.core.tests.workers import Worker


@pytest.fixture(autouse=True)
def media(tmp_path):
    """An empty media folder for each test, and nothing incoming beside it."""
    for folder in (settings.MEDIA_ROOT, settings.FILE_UPLOAD_TEMP_DIR):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
    shutil.rmtree(settings.MEDIA_ROOT.parent / "downloads", ignore_errors=True)
    return settings.MEDIA_ROOT


@pytest.fixture
def photographer(db):
    fill_groups()
    user = User.objects.create_user("ansel@example.com", "yosemite-1941")
    user.groups.add(Group.objects.get(name="photographer"))
    return user


@pytest.fixture
def gallery(photographer):
    return Gallery.objects.create(name="Summer camp", owner=photographer)


@pytest.fixture
def sender(client, photographer, gallery):
    client.force_login(photographer)
    return Sender(client, gallery)


@pytest.fixture
def sent(monkeypatch):
    """The ids of the photos that were sent to the broker, instead of sending them."""
    photos = []
    for module in ("gallery.photo_import", "gallery.services"):
        monkeypatch.setattr(
            f"{module}.enqueue", lambda photo: photos.append(str(photo.pk)) or True
        )
    return photos


@pytest.fixture
def upload():
    return SimpleUploadedFile


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
