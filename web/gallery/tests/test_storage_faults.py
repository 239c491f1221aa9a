"""A folder or bucket that fails for a while costs no photo and blames none."""

import errno
import io
from datetime import timedelta

import pytest
import requests
from celery.exceptions import SoftTimeLimitExceeded
from django.core.files.base import ContentFile, File
from django.core.files.storage import Storage, default_storage
from django.utils import timezone

from gallery import photo_storage, services
from gallery.exceptions import UnreadablePhoto
from gallery.images import draw_renditions
from gallery.models import MOST_ATTEMPTS, Photo
from gallery.photo_storage import open_original
from gallery.services import STORAGE_RESTS, claim_photo, requeue_photos
from gallery.tasks import make_renditions
from gallery.tests.photos import jpeg
from gallery.tests.stored import stored_photo

FULL = OSError(errno.ENOSPC, "No space left on device")
AWAY = requests.ConnectionError("Connection reset by peer")
REFUSED = type("ClientError", (Exception,), {})("503 Slow Down")  # as botocore's
SLOW = SoftTimeLimitExceeded()


@pytest.fixture
def photo(gallery, photographer):
    photo = stored_photo(gallery, photographer, content=jpeg(1000, 750))
    Photo.objects.update(state=Photo.State.WAITING, preview="", thumbnail="")
    photo.refresh_from_db()
    return photo


@pytest.fixture
def fail_once(monkeypatch):
    """Lets the first call of a method raise; the next ones work."""

    def fail(owner, name, error):
        works = getattr(owner, name)
        errors = [error]

        def method(*args, **kwargs):
            if errors:
                raise errors.pop()
            return works(*args, **kwargs)

        monkeypatch.setattr(owner, name, method)

    return fail


def draw(photo):
    return make_renditions.apply(args=[str(photo.pk)])


def state_of(photo):
    photo.refresh_from_db()
    return photo.state, photo.run, photo.attempts, photo.error


WAITS = (Photo.State.WAITING, None, 0, "")


@pytest.mark.django_db
@pytest.mark.parametrize("error", [FULL, AWAY, REFUSED, SLOW])
@pytest.mark.parametrize("method", ["open", "save"])
def test_a_photo_waits_until_the_storage_works_again(
    photo, sent, fail_once, monkeypatch, method, error
):
    monkeypatch.setattr(services, "queue_length", lambda: 0)
    fail_once(default_storage, method, error)

    assert draw(photo).failed()

    assert state_of(photo) == WAITS
    now = timezone.now()
    assert requeue_photos(now=now + STORAGE_RESTS).lost_messages == 0
    later = now + STORAGE_RESTS + timedelta(seconds=61)
    assert requeue_photos(now=later).lost_messages == 1
    assert sent == [str(photo.pk)]
    assert draw(photo).successful()
    assert state_of(photo)[0] == Photo.State.READY


class Bucket(Storage):
    """Sends a file's bytes only when they are read, as buckets do."""

    files: dict[str, bytes] = {}

    def _open(self, name, mode="rb"):
        return Lazy(io.BytesIO(self.files[name]), name)

    def _save(self, name, content):
        self.files[name] = content.read()
        return name

    def exists(self, name):
        return False


class Lazy(File):
    def read(self, *args):
        return self.file.read(*args)


@pytest.mark.django_db
def test_a_connection_that_breaks_while_bytes_come_is_no_damage(
    gallery, photographer, settings, fail_once
):
    storage = {"BACKEND": f"{__name__}.Bucket"}
    settings.STORAGES = settings.STORAGES | {"default": storage}
    photo = stored_photo(gallery, photographer)
    Photo.objects.update(state=Photo.State.WAITING)
    fail_once(Lazy, "read", AWAY)

    assert draw(photo).failed()

    assert state_of(photo) == WAITS
    assert draw(photo).successful()


@pytest.mark.django_db
def test_a_long_outage_exhausts_nothing(photo, monkeypatch):
    def away(*_args, **_kwargs):
        raise AWAY

    with monkeypatch.context() as outage:
        outage.setattr(default_storage, "open", away)
        for _time in range(3 * MOST_ATTEMPTS):
            draw(photo)
    assert state_of(photo) == WAITS
    assert draw(photo).successful()


@pytest.mark.django_db
def test_workers_that_died_are_still_counted(photo, fail_once):
    for _time in range(MOST_ATTEMPTS - 1):
        claim_photo(str(photo.pk), worker="w", redelivered=True, now=timezone.now())
    Photo.objects.update(state=Photo.State.WAITING)
    fail_once(default_storage, "save", FULL)

    draw(photo)

    assert state_of(photo)[2] == MOST_ATTEMPTS - 1


@pytest.mark.django_db
def test_photos_that_rest_let_no_other_be_sent_again(
    photo, gallery, photographer, sent, fail_once, monkeypatch
):
    monkeypatch.setattr(services, "queue_length", lambda: 1)
    other = stored_photo(gallery, photographer, name="other.jpg", seed=1)
    Photo.objects.filter(pk=other.pk).update(
        state=Photo.State.WAITING, queued_at=timezone.now() - timedelta(hours=1)
    )
    fail_once(default_storage, "open", AWAY)
    draw(photo)

    requeue_photos(now=timezone.now())

    assert sent == []


@pytest.mark.django_db
def test_a_local_file_is_opened_where_it_is(photo, monkeypatch):
    monkeypatch.setattr(photo_storage, "copied", None)

    with open_original(photo) as file:
        assert file.name == photo.original.name
        assert file.read(2) == b"\xff\xd8"


class FaultyDisk(io.BytesIO):
    """Raises where the last bytes should come."""

    def __init__(self, content, number):
        super().__init__(content[:-1000])
        self._error = OSError(number, "of the disk")

    def read(self, *args):
        piece = super().read(*args)
        if not piece:
            raise self._error
        return piece


def test_a_disk_that_fails_while_decoding_is_not_the_photo_s_fault():
    with pytest.raises(OSError, match="of the disk"):
        draw_renditions(FaultyDisk(jpeg(), errno.EIO))
    with pytest.raises(UnreadablePhoto):  # a damaged header may lead to such a place
        draw_renditions(FaultyDisk(jpeg(), errno.EINVAL))


@pytest.mark.django_db
def test_a_damaged_photo_fails_at_once(photo):
    default_storage.save(photo.original.name, ContentFile(jpeg()[:2000]))

    assert draw(photo).failed()

    state, _run, _attempts, error = state_of(photo)
    assert state == Photo.State.FAILED
    assert "cut off" in error
