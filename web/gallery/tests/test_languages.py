"""What a worker writes is read by people: in the language of whom it is for."""

from types import SimpleNamespace

import pytest
from celery.exceptions import SoftTimeLimitExceeded
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage, storages
from django.utils import timezone
from django.utils.translation import get_language, override

from gallery import downloads, services
from gallery.download_tasks import pack_download
from gallery.downloads import claim_download, request_download
from gallery.models import MOST_ATTEMPTS, Download, Photo, Upload
from gallery.services import claim_photo
from gallery.tasks import make_renditions
from gallery.tests.photos import jpeg
from gallery.tests.stored import stored_photo
from gallery.upload_processing import claim_upload

pytestmark = pytest.mark.django_db


@pytest.fixture
def photo(gallery, photographer):
    photographer.language = "fr"
    photographer.save()
    photo = stored_photo(gallery, photographer)
    Photo.objects.update(state=Photo.State.WAITING)
    return photo


def draw(photo):
    make_renditions.apply(args=[str(photo.pk)])
    photo.refresh_from_db()
    assert photo.state == Photo.State.FAILED
    assert get_language() == "en"
    return photo.error


def cut_off(photo):
    default_storage.save(photo.original.name, ContentFile(jpeg()[:9000]))


def test_a_damaged_photo_is_explained_to_its_owner(photo):
    cut_off(photo)

    assert "le fichier est endommagé" in draw(photo)


def test_whoever_chose_no_language_reads_english(photo, photographer):
    photographer.language = ""
    photographer.save()
    cut_off(photo)

    assert "the file is damaged" in draw(photo)


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (SoftTimeLimitExceeded(), "Son traitement a duré plus de 45"),
        (MemoryError(), "Elle n’a pas pu être traitée"),
    ],
)
def test_each_way_to_fail_is_translated(photo, monkeypatch, error, words):
    def fail(_file):
        raise error

    monkeypatch.setattr(services, "draw_renditions", fail)

    assert words in draw(photo)


def test_giving_up_is_told_in_the_owner_s_language(photo, gallery, photographer):
    upload = Upload.objects.create(
        gallery=gallery,
        owner=photographer,
        name="camp.zip",
        size_bytes=1,
        state=Upload.State.WAITING,
    )
    for row in (photo, upload):
        type(row).objects.filter(pk=row.pk).update(attempts=MOST_ATTEMPTS)
    given = {"worker": "w", "redelivered": False, "now": timezone.now()}

    claim_photo(str(photo.pk), **given)
    claim_upload(str(upload.pk), **given)

    for row in (photo, upload):
        row.refresh_from_db()
        assert row.error.startswith("Le traitement s’est arrêté 3 fois")


@pytest.fixture
def asked_in_french(gallery, photo, monkeypatch):
    monkeypatch.setattr(downloads, "SMALL_BYTES", -1)
    monkeypatch.setattr(downloads, "enqueue_download", lambda _download: True)
    with override("fr"):
        return request_download(gallery, now=timezone.now())


def pack(download):
    pack_download.apply(args=[str(download.pk)])
    download.refresh_from_db()


def test_a_zip_that_fails_says_so_to_whoever_asked(asked_in_french, monkeypatch):
    full = SimpleNamespace(free=0)
    monkeypatch.setattr(downloads.shutil, "disk_usage", lambda _path: full)

    pack(asked_in_french)

    assert asked_in_french.error.startswith("Le serveur n’a pas la place")


def test_a_zip_s_note_is_for_whoever_asked(asked_in_french, photo):
    default_storage.delete(photo.original.name)

    pack(asked_in_french)

    with storages["downloads"].open(asked_in_french.file) as file:
        assert b"Les fichiers de ces photos manquent" in file.read()


def test_a_zip_is_given_up_in_that_language_too(asked_in_french):
    Download.objects.update(attempts=MOST_ATTEMPTS)

    claim_download(
        str(asked_in_french.pk), worker="w", redelivered=False, now=timezone.now()
    )

    asked_in_french.refresh_from_db()
    assert "pendant l’archivage" in asked_in_french.error
