"""A photo that has left a gallery is in no zip of it any more."""

import zipfile

import pytest
from django.core.files.storage import storages
from django.utils import timezone

from gallery import deleting, downloads
from gallery.deleting import delete_photo, drop_zips
from gallery.downloads import claim_download, pack, request_download
from gallery.models import Download, Gallery
from gallery.tests.people import person
from gallery.tests.stored import stored_photo

pytestmark = pytest.mark.django_db


@pytest.fixture
def messages(monkeypatch):
    """The downloads that were sent to the broker, instead of sending them."""
    found = []
    monkeypatch.setattr(downloads, "SMALL_BYTES", -1)
    for module in (downloads, deleting):
        monkeypatch.setattr(
            module, "enqueue_download", lambda one: found.append(one.pk) or True
        )
    return found


@pytest.fixture
def photos(gallery, photographer):
    return [
        stored_photo(gallery, photographer, name=f"{n}.jpg", seed=n) for n in range(3)
    ]


@pytest.fixture
def other(photographer):
    """A gallery with a zip of its own, which nothing may touch."""
    gallery = Gallery.objects.create(name="Other", owner=photographer)
    stored_photo(gallery, photographer, seed=9)
    return gallery


def claimed(download):
    return claim_download(
        str(download.pk), worker="w", redelivered=False, now=timezone.now()
    )


def packed(gallery):
    download = request_download(gallery, now=timezone.now())
    assert pack(claimed(download)) is True
    download.refresh_from_db()
    return download


@pytest.fixture
def committed(django_capture_on_commit_callbacks):
    return lambda: django_capture_on_commit_callbacks(execute=True)


def test_a_deleted_photo_takes_its_zip_with_it(
    client, photographer, gallery, other, photos, messages, committed
):
    client.force_login(photographer)
    download, kept = packed(gallery), packed(other)

    with committed():
        delete_photo(photos[0])

    assert client.get(f"/downloads/{download.pk}/").status_code == 404
    assert not storages["downloads"].exists(download.file)
    assert storages["downloads"].exists(kept.file)
    assert list(Download.objects.all()) == [kept]
    assert packed(gallery).photo_count == 2


def test_a_moved_photo_takes_its_zip_with_it(
    client, gallery, other, photos, messages, committed
):
    client.force_login(person("superuser"))
    download, kept = packed(gallery), packed(other)
    url = f"/admin/gallery/photo/{photos[0].pk}/change/"
    form = {"name": "0.jpg", "caption": "Lake", "taken_at_0": "", "taken_at_1": ""}

    with committed():
        client.post(url, form | {"gallery": gallery.pk})
    assert storages["downloads"].exists(download.file)  # only its caption is new
    with committed():
        client.post(url, form | {"gallery": other.pk})

    photos[0].refresh_from_db()
    assert photos[0].gallery == other
    assert not storages["downloads"].exists(download.file)
    assert list(Download.objects.all()) == [kept]


def test_a_zip_that_is_being_packed_is_begun_anew(
    gallery, photos, messages, monkeypatch, committed
):
    monkeypatch.setattr(downloads, "NOTE_EVERY_SECONDS", 0)
    download = request_download(gallery, now=timezone.now())
    put = downloads.put

    def delete_meanwhile(entry, archive):
        put(entry, archive)
        if entry.name == "0.jpg":
            with committed():
                delete_photo(photos[0])

    monkeypatch.setattr(downloads, "put", delete_meanwhile)
    pack(claimed(download))
    download.refresh_from_db()
    assert (download.state, download.attempts) == (Download.State.WAITING, 0)
    assert messages == [download.pk] * 2

    pack(claimed(download))

    download.refresh_from_db()
    with storages["downloads"].open(download.file) as file:
        assert zipfile.ZipFile(file).namelist() == ["1.jpg", "2.jpg"]


def test_a_run_that_comes_too_late_leaves_the_next_one_its_file(
    gallery, photos, messages, monkeypatch
):
    download = claimed(request_download(gallery, now=timezone.now()))
    path, _plan = downloads.places_of(download)
    save = storages["downloads"].save

    def take_over(name, file):
        saved = save(name, file)
        drop_zips([gallery.pk])
        path.write_bytes(b"of the next run")
        return saved

    monkeypatch.setattr(storages["downloads"], "save", take_over)

    pack(download)

    assert path.read_bytes() == b"of the next run"
    download.refresh_from_db()
    assert download.state == Download.State.WAITING
