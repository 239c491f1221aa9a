"""Back up now, from the button to the backup, with a worker as the stack runs it."""

import os
import time
from contextlib import contextmanager, suppress
from threading import Event, Thread

import pytest
from django.conf import settings as django_settings

from backups.listing import list_backups
from backups.locks import only_one
from backups.models import Run
from backups.postgres import Database
from backups.site import Site
from config.celery import app
from config.tests.workers import Worker
from operations import asking
from operations.tasks import back_up_now

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
PATIENCE_SECONDS = 60


@pytest.fixture
def worker(store, tmp_path, monkeypatch):
    monkeypatch.setenv("BACKUP_STORAGE_URL", store.url)
    monkeypatch.setenv("MEDIA_ROOT", str(django_settings.MEDIA_ROOT))
    with (tmp_path / "worker.log").open("wb") as log:
        worker = Worker(log)
        yield worker
        worker.kill()


@contextmanager
def listening():
    """The events of the block, as Flower hears them."""
    heard, ready, over = [], Event(), Event()

    def listen():
        with app.connection_for_read() as connection:
            receiver = app.events.Receiver(connection, handlers={"*": heard.append})
            with receiver.consumer_context() as (its_connection, _, _):
                ready.set()
                while not over.is_set():
                    with suppress(TimeoutError):
                        its_connection.drain_events(timeout=0.2)

    thread = Thread(target=listen)
    thread.start()
    assert ready.wait(PATIENCE_SECONDS)
    try:
        yield heard
    finally:
        over.set()
        thread.join()


def wait_until(what):
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not what():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_back_up_now_is_done_by_a_worker_and_shown(worker, store, staff):
    media = django_settings.MEDIA_ROOT
    (media / "one.jpg").write_bytes(os.urandom(100_000))
    with listening() as events:
        assert staff.post("/operations/back-up").status_code == 302
        wait_until(lambda: Run.objects.filter(outcome="done").exists())
        wait_until(lambda: any(e["type"] == "task-succeeded" for e in events))

    run = Run.objects.get()
    [backup] = list_backups(store, shelf=Site.from_settings().shelf).backups
    assert run.backup_url == backup.url
    assert run.numbers["media_files"] == 1
    assert run.progress
    assert asking.asked() is None
    page = staff.get("/operations/").content.decode()
    assert backup.address.id in page
    progress = [e["result"] for e in events if e["type"] == "task-progress"]
    assert any("Dumping" in words for words in progress)


def test_a_worker_that_finds_the_lock_taken_says_so(worker, store, staff):
    with only_one(Database.from_settings(), purpose="restore"):
        back_up_now.delay()
        wait_until(lambda: Run.objects.filter(outcome="failed").exists())

    assert "Another run holds the lock: restore" in Run.objects.get().reason
    assert list_backups(store, shelf=Site.from_settings().shelf).backups == []


def test_a_task_is_never_given_to_a_second_worker():
    assert back_up_now.acks_late is False
    assert back_up_now.time_limit > 12 * 60 * 60
    assert app.conf.task_acks_late is True  # as all the others are
