"""Zips that came in chunks: unpacked in slices, by workers that may be killed."""

import itertools
import time
from datetime import timedelta
from types import SimpleNamespace

import pytest
from celery import current_app
from django.utils import timezone

from gallery import leases, sweeping, upload_processing
from gallery.models import Photo, Upload
from gallery.resumable import begin, incoming_path, receive
from gallery.sweeping import requeue_files
from gallery.tests.photos import jpeg, zip_of
from gallery.upload_processing import claim_upload, take_in, take_in_soon
from gallery.upload_tasks import take_in_upload

NOW = timezone.now()


class Stream:
    def __init__(self, content):
        self.content = content

    def read(self, size):
        piece, self.content = self.content[:size], self.content[size:]
        return piece


@pytest.fixture
def received(gallery, photographer):
    def receive_all(content, *, name="camp.zip"):
        now = timezone.now()
        upload = begin(
            gallery=gallery,
            owner=photographer,
            name=name,
            size_bytes=len(content),
            now=now,
        )
        stream = Stream(content)
        return receive(upload, stream, offset=0, length=len(content), now=now)

    return receive_all


@pytest.fixture
def messages(monkeypatch):
    """The uploads that were sent to the broker, instead of sending them."""
    found = []
    for module in ("upload_processing", "upload_tasks", "sweeping"):
        monkeypatch.setattr(
            f"gallery.{module}.enqueue_upload", lambda one: found.append(one.pk) or True
        )
    return found


def photos(count, *, start=0):
    return {f"{n:03}.jpg": jpeg(64, 48, seed=n) for n in range(start, start + count)}


def claimed(upload, *, redelivered=False, now=None):
    return claim_upload(
        str(upload.pk), worker="w", redelivered=redelivered, now=now or timezone.now()
    )


def statuses(upload):
    upload.refresh_from_db()
    return [result["status"] for result in upload.results]


@pytest.mark.django_db
def test_a_zip_waits_for_a_worker_that_unpacks_it(received, messages):
    upload = received(zip_of({**photos(2), "notes.txt": b"text"}))
    take_in_soon(upload)
    assert messages == [upload.pk]
    assert Photo.objects.count() == 0

    take_in(claimed(upload))

    assert statuses(upload) == ["accepted", "accepted", "passed_over"]
    assert upload.state == Upload.State.DONE
    assert not incoming_path(upload).exists()


@pytest.mark.django_db
def test_a_long_zip_goes_on_in_another_run_where_the_last_one_stopped(
    received, messages, monkeypatch
):
    upload = received(zip_of(photos(7)))
    tenths = itertools.count(step=20)  # each look at the clock costs 20 seconds
    runs = 0
    while True:
        runs += 1
        if take_in(claimed(upload), clock=lambda: next(tenths)):
            break
        upload.refresh_from_db()
        assert (upload.state, upload.attempts) == (Upload.State.WAITING, 0)
        assert len(upload.results) == Photo.objects.count()

    assert runs > 2
    assert statuses(upload) == ["accepted"] * 7
    names = [result["name"] for result in upload.results]
    assert names == [f"{n:03}.jpg" for n in range(7)]


@pytest.mark.django_db
def test_the_task_sends_its_follow_up(received, messages, monkeypatch):
    upload = received(zip_of(photos(3)))
    monkeypatch.setattr(upload_processing, "SLICE_SECONDS", -1)

    outcome = take_in_upload.apply(args=[str(upload.pk)]).get()

    assert outcome["outcome"] == "goes on"
    assert messages == [upload.pk]


@pytest.mark.django_db
def test_a_photo_that_a_killed_run_had_taken_is_reported_as_accepted(
    received, gallery, photographer, messages, monkeypatch
):
    known = received(jpeg(64, 48, seed=99), name="known.jpg")
    take_in_soon(known)
    content = photos(3) | {"again.jpg": jpeg(64, 48, seed=0)}
    upload = received(zip_of(content | {"known.jpg": jpeg(64, 48, seed=99)}))
    Photo.objects.update(uploaded_at=upload.created_at - timedelta(minutes=1))
    monkeypatch.setattr(upload_processing, "NOTE_EVERY_SECONDS", 9999)
    killed = claimed(upload)
    with pytest.raises(KeyboardInterrupt):
        take_in(killed, clock=killed_after(4))
    assert Photo.objects.count() == 3, "the run was killed after two photos of its zip"
    assert statuses(upload) == []

    take_in(claimed(upload, redelivered=True))

    assert statuses(upload) == ["accepted"] * 3 + ["duplicate"] * 2
    assert Photo.objects.count() == 4


def killed_after(looks):
    left = iter(range(looks))

    def clock():
        if next(left, None) is None:
            raise KeyboardInterrupt
        return 0.0

    return clock


@pytest.mark.django_db
def test_a_run_that_lost_its_upload_stops_and_writes_nothing(
    received, messages, monkeypatch
):
    monkeypatch.setattr(upload_processing, "NOTE_EVERY_SECONDS", 0)
    upload = received(zip_of(photos(3)))
    slow = claimed(upload)
    second = claimed(upload, redelivered=True)

    assert take_in(slow) is True

    upload.refresh_from_db()
    assert (upload.run, upload.results) == (second.run, [])
    take_in(second)
    assert statuses(upload) == ["accepted"] * 3


@pytest.mark.django_db
def test_a_cancelled_zip_is_not_unpacked_further(received, messages, monkeypatch):
    monkeypatch.setattr(upload_processing, "NOTE_EVERY_SECONDS", 0)
    upload = claimed(received(zip_of(photos(3))))
    Upload.objects.all().delete()

    assert take_in(upload) is True

    assert Photo.objects.count() == 1


@pytest.mark.django_db
def test_a_zip_that_kills_workers_is_given_up(received, messages):
    upload = received(zip_of(photos(1)))
    for _ in range(3):
        assert claimed(upload, redelivered=True) is not None

    assert claimed(upload, redelivered=True) is None

    upload.refresh_from_db()
    assert upload.state == Upload.State.FAILED
    assert "stopped 3 times" in upload.error


@pytest.mark.django_db
def test_a_bucket_that_does_not_answer_costs_no_zip(received, messages, monkeypatch):
    upload = received(zip_of(photos(2)))

    def broken(*_args, **_kwargs):
        raise ConnectionError("The bucket does not answer")

    with monkeypatch.context() as outage:
        outage.setattr(upload_processing, "accept_member", broken)
        for _minute in range(10):
            assert take_in_upload.apply(args=[str(upload.pk)]).failed()
    assert incoming_path(upload).exists()
    take_in_upload.apply(args=[str(upload.pk)])
    assert statuses(upload) == ["accepted"] * 2

    hopeless = received(zip_of(photos(1, start=5)))
    hours_ago = timezone.now() - timedelta(hours=4)
    Upload.objects.filter(pk=hopeless.pk).update(created_at=hours_ago)
    monkeypatch.setattr(upload_processing, "accept_member", broken)
    for _minute in range(4):
        take_in_upload.apply(args=[str(hopeless.pk)])
    hopeless.refresh_from_db()
    assert hopeless.state == Upload.State.FAILED


@pytest.mark.django_db
def test_a_zip_whose_file_is_lost_says_so(received, messages):
    upload = received(zip_of(photos(1)))
    incoming_path(upload).unlink()

    take_in(claimed(upload))

    upload.refresh_from_db()
    assert upload.state == Upload.State.FAILED
    assert "missing" in upload.error


@pytest.mark.django_db
def test_a_damaged_zip_is_one_rejected_file(received, messages):
    upload = received(zip_of(photos(2))[:-30])

    take_in(claimed(upload))

    assert statuses(upload) == ["rejected"]
    assert upload.results[0]["code"] == "damaged_zip"


@pytest.mark.django_db
def test_the_sweeper_sends_lost_uploads_again(received, messages, monkeypatch):
    upload = received(zip_of(photos(1)))
    monkeypatch.setattr(leases, "queue_length", lambda _queue: 0)

    now = timezone.now()
    assert requeue_files(now=now + timedelta(seconds=30)).lost_messages == 0
    assert requeue_files(now=now + timedelta(seconds=70)).lost_messages == 1
    claimed(upload, now=now)
    assert requeue_files(now=now + timedelta(seconds=300)).lost_runs == 0
    assert requeue_files(now=now + timedelta(seconds=400)).lost_runs == 1
    assert messages == [upload.pk] * 2


@pytest.mark.django_db
def test_the_sweeper_lets_a_long_queue_be(received, messages, monkeypatch):
    received(zip_of(photos(1)))
    monkeypatch.setattr(leases, "queue_length", lambda _queue: 1)

    requeue_files(now=timezone.now() + timedelta(hours=1))

    assert messages == []


@pytest.mark.django_db
def test_a_worker_that_starts_takes_up_its_own_uploads(received, messages):
    from gallery.upload_tasks import take_up_interrupted_uploads

    upload = claimed(received(zip_of(photos(1))))
    take_up_interrupted_uploads(SimpleNamespace(hostname="elsewhere"))
    assert messages == []
    take_up_interrupted_uploads(SimpleNamespace(hostname="w"))
    assert messages == [upload.pk]
    assert sweeping.Upload.objects.get().state == Upload.State.WAITING


# --- With a real worker ---------------------------------------------------------------


def wait_until(condition, *, seconds=60):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def is_done(upload):
    upload.refresh_from_db()
    return upload.state == Upload.State.DONE


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_kill_9_and_a_wiped_broker_in_the_middle_lose_no_photo(
    received, empty_broker, start_worker
):
    upload = received(zip_of(photos(120)))
    take_in_soon(upload)
    first = start_worker()
    wait_until(lambda: Photo.objects.count() >= 10)
    first.kill()
    taken = Photo.objects.count()
    assert 10 <= taken < 120, "killed too late to prove anything"
    with current_app.connection_for_write() as connection:
        connection.default_channel.client.flushdb()
    Photo.objects.update(state=Photo.State.READY)  # they are another test's subject

    start_worker()
    wait_until(lambda: is_done(upload))

    assert statuses(upload) == ["accepted"] * 120
    assert Photo.objects.count() == 120
    assert upload.attempts == 2
