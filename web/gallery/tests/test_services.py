from datetime import timedelta

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.utils import timezone

from gallery import services
from gallery.deleting import delete_files, delete_photo
from gallery.exceptions import UnreadablePhoto
from gallery.images import draw_renditions
from gallery.media_links import link
from gallery.models import Photo
from gallery.services import (
    claim_photo,
    draw_photo,
    requeue_interrupted,
    requeue_photos,
)
from gallery.tests.photos import jpeg

pytestmark = pytest.mark.django_db
NOW = timezone.now()


@pytest.fixture
def photo(gallery, photographer):
    content = jpeg(2000, 1500)
    photo = Photo(
        gallery=gallery,
        owner=photographer,
        name="camp.jpg",
        content_type="image/jpeg",
        sha256="0" * 64,
        size_bytes=len(content),
        width=2000,
        height=1500,
        queued_at=NOW,
    )
    photo.original.save("original.jpg", ContentFile(content), save=False)
    photo.save()
    return photo


def content_of(stored):
    with stored.open() as file:
        return file.read()


def claim(photo, *, redelivered=False, now=NOW):
    return claim_photo(
        str(photo.pk), worker="celery@here", redelivered=redelivered, now=now
    )


def test_a_claimed_photo_becomes_ready(photo):
    draw_photo(claim(photo))

    photo.refresh_from_db()
    assert photo.state == Photo.State.READY
    assert photo.preview.size > photo.thumbnail.size > 0
    assert photo.placeholder.startswith("data:image/webp;base64,")
    assert link(photo, "thumbnail").endswith("/thumbnail.webp")


def test_only_one_of_two_messages_gets_the_photo(photo):
    assert claim(photo) is not None
    assert claim(photo) is None


def test_a_finished_photo_is_not_drawn_again(photo):
    draw_photo(claim(photo))

    assert claim(photo, redelivered=True) is None


def test_a_redelivered_message_takes_over_from_the_dead_worker(photo):
    first = claim(photo)

    second = claim(photo, redelivered=True)

    assert second is not None
    draw_photo(first)  # the first one was only slow: its end no longer counts
    photo.refresh_from_db()
    assert photo.state == Photo.State.WORKING
    draw_photo(second)
    photo.refresh_from_db()
    assert photo.state == Photo.State.READY


def test_a_photo_that_kills_workers_is_given_up(photo):
    for _ in range(3):
        assert claim(photo, redelivered=True) is not None

    assert claim(photo, redelivered=True) is None

    photo.refresh_from_db()
    assert photo.state == Photo.State.FAILED
    assert "stopped 3 times" in photo.error


def test_a_cut_off_photo_fails_with_its_reason(photo):
    whole = content_of(photo.original)
    photo.original.storage.save(photo.original.name, ContentFile(whole[:2000]))

    with pytest.raises(UnreadablePhoto):
        draw_photo(claim(photo))

    photo.refresh_from_db()
    assert photo.state == Photo.State.FAILED
    assert "cut off" in photo.error


def test_a_photo_that_ends_early_is_ready_with_a_notice_told_once(photo):
    whole = content_of(photo.original)
    cut = whole[: int(len(whole) * 0.9)]
    photo.original.storage.save(photo.original.name, ContentFile(cut))
    Photo.objects.update(notice="Its name was shortened.")

    for _time in range(2):
        draw_photo(claim(photo))
        photo.refresh_from_db()
        assert photo.state == Photo.State.READY
        assert photo.notice.count("It is not complete: the file ends early") == 1
        assert photo.notice.endswith("Its name was shortened.")
        Photo.objects.update(state=Photo.State.WAITING)


def test_storing_again_replaces_a_longer_file(photo):
    storage = photo.original.storage
    storage.save("photos/x.webp", ContentFile(b"long " * 100))
    assert storage.save("photos/x.webp", ContentFile(b"short")) == "photos/x.webp"

    with storage.open("photos/x.webp") as file:
        assert file.read() == b"short"


def test_the_sweeper_sends_again_what_a_wiped_broker_forgot(photo, sent, monkeypatch):
    monkeypatch.setattr(services, "queue_length", lambda: 0)

    early = requeue_photos(now=NOW + timedelta(seconds=30))
    late = requeue_photos(now=NOW + timedelta(seconds=61))
    again = requeue_photos(now=NOW + timedelta(seconds=70))

    assert (early.lost_messages, late.lost_messages, again.lost_messages) == (0, 1, 0)
    assert sent == [str(photo.pk)]


def test_the_sweeper_leaves_a_long_queue_alone(photo, sent, monkeypatch):
    monkeypatch.setattr(services, "queue_length", lambda: 1)

    requeue_photos(now=NOW + timedelta(hours=1))

    assert sent == []


def test_the_sweeper_frees_a_photo_whose_worker_is_gone(photo, sent, monkeypatch):
    monkeypatch.setattr(services, "queue_length", lambda: 0)
    claim(photo)

    assert requeue_photos(now=NOW + timedelta(seconds=89)).lost_runs == 0
    assert requeue_photos(now=NOW + timedelta(seconds=91)).lost_runs == 1

    photo.refresh_from_db()
    assert photo.state == Photo.State.WAITING
    assert sent == [str(photo.pk)]


def test_a_worker_that_starts_takes_up_its_own_work_only(photo, sent):
    claim(photo)

    assert requeue_interrupted(worker="celery@elsewhere", now=NOW) == 0
    assert requeue_interrupted(worker="celery@here", now=NOW) == 1
    assert sent == [str(photo.pk)]


def test_deleting_a_photo_deletes_its_files(photo, django_capture_on_commit_callbacks):
    draw_photo(claim(photo))
    photo.refresh_from_db()
    storage = photo.original.storage

    with django_capture_on_commit_callbacks(execute=True):
        delete_photo(photo)

    assert not Photo.objects.exists()
    for field in (photo.original, photo.preview, photo.thumbnail):
        assert not storage.exists(field.name)


def test_a_photo_that_was_deleted_while_it_was_drawn_leaves_no_files(
    photo, media, monkeypatch
):
    claimed = claim(photo)

    def delete_it(file):
        Photo.objects.filter(pk=photo.pk).delete()
        return draw_renditions(file)

    monkeypatch.setattr("gallery.services.draw_renditions", delete_it)
    draw_photo(claimed)

    assert not list(media.rglob("*.webp"))


def test_a_file_that_cannot_be_deleted_stops_no_other(photo, media, monkeypatch):
    draw_photo(claim(photo))
    photo.refresh_from_db()
    delete = default_storage.delete

    def fail_once(name):
        if name == photo.preview.name:
            raise OSError("The bucket is away.")
        delete(name)

    monkeypatch.setattr(default_storage, "delete", fail_once)
    delete_files([photo.original.name, photo.preview.name, photo.thumbnail.name])

    assert [path.name for path in media.rglob("*.*")] == ["preview.webp"]
