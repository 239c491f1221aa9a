"""Galleries as zips: streamed, or packed by a worker and kept for some days."""

import errno
import io
import itertools
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from uuid import uuid4

import pytest
from django.core.files.storage import default_storage, storages
from django.utils import timezone

from gallery import downloads
from gallery.download_names import safe_name, unique_names
from gallery.downloads import claim_download, pack, request_download
from gallery.models import Download, Gallery, Photo
from gallery.packing import entries_of, zip_time
from gallery.sweeping import sweep_files
from gallery.tests.stored import bytes_of, stored_photo
from socle.core.media import downloads_storage, media_storage

pytestmark = pytest.mark.django_db


@pytest.fixture
def messages(monkeypatch):
    found = []
    monkeypatch.setattr(
        downloads, "enqueue_download", lambda one: found.append(one.pk) or True
    )
    return found


@pytest.fixture
def large(monkeypatch):
    monkeypatch.setattr(downloads, "SMALL_BYTES", -1)


@pytest.fixture
def three(gallery, photographer):
    names = ["b.jpg", "a.jpg", "B.JPG"]
    return [
        stored_photo(gallery, photographer, name=name, seed=seed)
        for seed, name in enumerate(names)
    ]


@pytest.fixture
def page(gallery):
    return f"/galleries/{gallery.slug}/download/"


def body_of(response):
    return b"".join(response.streaming_content)


def opened(content):
    archive = zipfile.ZipFile(io.BytesIO(content))
    assert archive.testzip() is None
    return archive


def claimed(download, *, redelivered=False):
    return claim_download(
        str(download.pk), worker="w", redelivered=redelivered, now=timezone.now()
    )


def test_a_small_gallery_is_streamed_in_its_order(client, photographer, three, page):
    client.force_login(photographer)

    answer = client.get(page)

    content = body_of(answer)
    assert answer.status_code == 200
    assert int(answer["Content-Length"]) == len(content)
    assert answer["Content-Type"] == "application/zip"
    assert answer["Cache-Control"] == "private, no-store"
    assert answer["Content-Disposition"] == (
        "attachment; filename*=UTF-8''Summer%20camp.zip"
    )
    archive = opened(content)
    assert archive.namelist() == ["b.jpg", "a.jpg", "B-2.JPG"]
    assert archive.read("a.jpg") == bytes_of(three[1].original)
    assert all(info.compress_type == 0 for info in archive.infolist())


def test_who_may_not_see_a_gallery_gets_no_zip_of_it(
    client, gallery, three, page, large, messages
):
    download = request_download(gallery, now=timezone.now())
    api = f"/api/galleries/{gallery.slug}/downloads/"

    assert client.get(page).status_code == 404
    assert client.post(api).status_code == 404
    assert client.get(f"/api/downloads/{download.pk}/").status_code == 404
    pack(claimed(download))
    assert client.get(f"/downloads/{download.pk}/").status_code == 404
    gallery.visibility = Gallery.Visibility.PUBLIC
    gallery.save()
    assert opened(body_of(client.get(f"/downloads/{download.pk}/"))).namelist()
    assert client.post(api).json()["state"] == "ready"


def test_missing_originals_are_named_in_the_zip(client, photographer, three, page):
    Path(three[1].original.path).unlink()
    client.force_login(photographer)

    answer = client.get(page)

    content = body_of(answer)
    assert int(answer["Content-Length"]) == len(content)
    archive = opened(content)
    assert archive.namelist() == ["b.jpg", "B-2.JPG", "_missing.txt"]
    assert "a.jpg" in archive.read("_missing.txt").decode()


def test_an_empty_gallery_has_no_zip(client, photographer, gallery, page):
    client.force_login(photographer)

    assert client.get(page).status_code == 404
    answer = client.post(f"/api/galleries/{gallery.slug}/downloads/")
    assert (answer.status_code, answer.json()["code"]) == (409, "nothing_to_download")


def test_a_large_gallery_is_packed_by_a_worker_and_then_sent(
    client, photographer, gallery, three, page, large, messages
):
    client.force_login(photographer)
    first = client.post(f"/api/galleries/{gallery.slug}/downloads/")
    waiting = client.get(page)
    assert first.status_code == 202
    facts = first.json()
    assert (facts["state"], facts["url"], facts["photo_count"]) == ("waiting", None, 3)
    assert waiting["Refresh"] == "3"
    assert messages == [Download.objects.get().pk]

    assert pack(claimed(Download.objects.get())) is True

    ready = client.get(f"/api/downloads/{facts['id']}/").json()
    assert (ready["state"], ready["packed_count"]) == ("ready", 3)
    led = client.get(page)
    assert (led.status_code, led.url) == (302, ready["url"])
    answer = client.get(led.url)
    content = body_of(answer)
    assert ready["size_bytes"] == int(answer["Content-Length"]) == len(content)
    assert opened(content).namelist() == ["b.jpg", "a.jpg", "B-2.JPG"]
    assert opened(content).read("a.jpg") == bytes_of(three[1].original)
    part = client.get(led.url, headers={"Range": "bytes=100-"})
    assert (part.status_code, body_of(part)) == (206, content[100:])
    assert list(incoming()) == []


def incoming():
    return downloads.places_of(Download(pk=uuid4()))[0].parent.iterdir()


def test_the_same_content_is_packed_once(gallery, photographer, three, large, messages):
    now = timezone.now()
    one = request_download(gallery, now=now)
    pack(claimed(one))

    again = request_download(gallery, now=now)
    stored_photo(gallery, photographer, name="new.jpg", seed=9)
    other = request_download(gallery, now=now)

    assert again.pk == one.pk
    assert again.state == Download.State.READY
    assert other.pk != one.pk
    assert messages == [one.pk, other.pk]


def test_a_long_zip_goes_on_in_another_run(gallery, three, large, messages):
    download = request_download(gallery, now=timezone.now())
    clock = itertools.count(step=61)
    runs = 1
    while not pack(claimed(download), clock=lambda: next(clock)):
        runs += 1
        download.refresh_from_db()
        assert (download.state, download.attempts) == (Download.State.WAITING, 0)

    download.refresh_from_db()
    assert runs == 3
    with storages["downloads"].open(download.file) as file:
        archive = opened(file.read())
    assert archive.namelist() == ["b.jpg", "a.jpg", "B-2.JPG"]
    assert archive.read("b.jpg") == bytes_of(three[0].original)


def test_after_a_kill_the_zip_is_begun_anew(gallery, three, large, messages):
    download = request_download(gallery, now=timezone.now())
    clock = itertools.count(step=61)
    assert pack(claimed(download), clock=lambda: next(clock)) is False
    killed = claimed(download)
    path, _plan = downloads.places_of(killed)
    path.write_bytes(path.read_bytes()[:-40] + b"half of a photo")

    assert pack(claimed(download, redelivered=True)) is True

    download.refresh_from_db()
    with storages["downloads"].open(download.file) as file:
        assert opened(file.read()).namelist() == ["b.jpg", "a.jpg", "B-2.JPG"]


def test_a_full_disk_fails_the_download_with_its_reason(
    client, photographer, gallery, three, page, large, messages, monkeypatch
):
    def full(*_args):
        raise OSError(errno.ENOSPC, "No space left on device")

    download = request_download(gallery, now=timezone.now())
    monkeypatch.setattr(downloads, "put", full)

    assert pack(claimed(download)) is True

    download.refresh_from_db()
    assert download.state == Download.State.FAILED
    assert "no room" in download.error
    assert list(incoming()) == []
    client.force_login(photographer)
    shown = client.get(page)
    assert shown.status_code == 503
    assert "no room" in shown.content.decode()
    later = timezone.now() + timedelta(minutes=2)
    assert request_download(gallery, now=later).state == Download.State.WAITING


def test_too_little_room_is_seen_before_packing(
    gallery, three, large, messages, monkeypatch
):
    download = request_download(gallery, now=timezone.now())
    monkeypatch.setattr(
        downloads.shutil, "disk_usage", lambda _path: SimpleNamespace(free=9)
    )

    pack(claimed(download))

    download.refresh_from_db()
    assert "no room" in download.error


def test_old_zips_are_swept_with_their_files(gallery, three, large, messages):
    now = timezone.now()
    download = request_download(gallery, now=now)
    pack(claimed(download))
    download.refresh_from_db()

    assert sweep_files(now=now + timedelta(days=2)).downloads == 0
    assert sweep_files(now=now + timedelta(days=4)).downloads == 1
    assert not storages["downloads"].exists(download.file)
    assert not Download.objects.exists()


def test_the_zip_of_a_deleted_gallery_is_swept(gallery, three, large, messages):
    now = timezone.now()
    download = request_download(gallery, now=now)
    pack(claimed(download))
    download.refresh_from_db()
    Download.objects.all().delete()

    assert sweep_files(now=now + timedelta(hours=23)).strays == 0
    assert sweep_files(now=now + timedelta(hours=25)).strays == 1
    assert not storages["downloads"].exists(download.file)


def test_nginx_sends_the_zip_where_there_is_one(
    client, photographer, gallery, three, large, messages, settings
):
    download = request_download(gallery, now=timezone.now())
    pack(claimed(download))
    settings.MEDIA_BY_NGINX = True
    client.force_login(photographer)

    answer = client.get(f"/downloads/{download.pk}/")

    assert answer["X-Accel-Redirect"] == f"/protected-downloads/{download.pk}.zip"
    assert answer["Content-Disposition"].startswith("attachment")


def test_a_gallery_in_a_bucket_is_packed_beside_its_photos(
    gallery, photographer, settings, messages, client
):
    url = f"{settings.BACKUP_STORAGE_URL}/{uuid4()}/live"
    settings.STORAGES = settings.STORAGES | {
        "default": media_storage(url),
        "downloads": downloads_storage(url, folder=Path("/nowhere")),
    }
    settings.MEDIA_STORAGE_URL, settings.MEDIA_BY_BUCKET = url, False
    photo = stored_photo(gallery, photographer)
    gone = stored_photo(gallery, photographer, name="gone.jpg", seed=1)
    default_storage.delete(gone.original.name)

    download = request_download(gallery, now=timezone.now())
    assert download.state == Download.State.WAITING  # though it is small
    pack(claimed(download))

    client.force_login(photographer)
    answer = client.get(f"/downloads/{download.pk}/")
    archive = opened(body_of(answer))
    assert archive.namelist() == ["camp.jpg", "_missing.txt"]
    assert archive.read("camp.jpg") == bytes_of(photo.original)
    assert sweep_files(now=timezone.now() + timedelta(days=4)).downloads == 1
    assert not storages["downloads"].exists(f"{download.pk}.zip")


@pytest.mark.parametrize(
    ("name", "cleaned"),
    [
        ("a/b\\c:d.jpg", "a_b_c_d.jpg"),
        ("..", "photo"),
        (".hidden.jpg", "hidden.jpg"),
        ("CON.jpg", "_CON.jpg"),
        ("tab\there?.png", "tab here_.png"),
        ("trailing. . .", "trailing"),
        ("Élan d’été.heic", "Élan d’été.heic"),
        ("é" * 300 + ".jpg", "é" * 98 + ".jpg"),
        ("no ending", "no ending"),
        ("x." + "y" * 300, "x." + "y" * 198),
    ],
)
def test_names_in_the_zip_work_everywhere(name, cleaned):
    assert safe_name(name) == cleaned


def test_no_two_names_are_alike_whatever_their_case():
    names = ["a.jpg", "A.jpg", "a-2.jpg", "a.jpg", "x", "X"]

    found = list(unique_names(names))

    assert len({name.casefold() for name in found}) == len(names)
    assert found[0] == "a.jpg"


def test_times_stay_within_what_a_zip_knows():
    assert zip_time(datetime(1970, 5, 6, 7, 8, 9, tzinfo=UTC)) == (1980, 5, 6, 7, 8, 9)


def test_the_order_is_that_of_the_gallery(gallery, three):
    Photo.objects.filter(pk=three[0].pk).update(position=99)

    assert [entry.name for entry in entries_of(gallery)][-1] == "b-2.jpg"
