"""A worker that takes no task any more ends itself; one that only waits does not."""

import logging
import os
import signal
import subprocess
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
from celery.utils.nodenames import worker_direct
from celery.worker import state
from django.conf import settings
from django.db import connection, transaction

from socle.core import canary
from socle.core.canary import Watch, is_busy, is_no_canary
from socle.core.health.worker import CANARY_KEY
from socle.core.health.worker import worker as worker_check
from socle.core.tests.conftest import DEAF_SECONDS, wait_until

NOBODY = [0, "en"]  # a task that reads the invitations

real = pytest.mark.usefixtures("transactional_db")


@real
@pytest.mark.slow
def test_a_worker_sings_and_notes_when(cage, server):
    cage.sings()
    wait_until(lambda: server.client.keys(f"*{CANARY_KEY}"))
    cage.sings()

    assert "socle.core.canary.sing" not in cage.log.partition(" ready.")[2]


@real
@pytest.mark.slow
def test_a_worker_sings_again_after_redis_was_restarted(cage, server):
    cage.sings()
    server.stop()
    time.sleep(DEAF_SECONDS + 3)
    assert not cage.ended(), "without Redis no worker can hear"
    server.start()

    cage.sings()
    assert not cage.ended()


@real
@pytest.mark.slow
def test_a_worker_sings_again_after_redis_was_emptied(cage, server):
    cage.sings()
    server.client.flushall()

    cage.sings()
    assert not cage.ended()


@real
@pytest.mark.slow
def test_a_worker_does_not_end_because_redis_hangs(cage, server):
    cage.sings()
    server.process.send_signal(signal.SIGSTOP)
    time.sleep(DEAF_SECONDS + 8)
    assert not cage.ended()
    server.process.send_signal(signal.SIGCONT)

    cage.sings()


@real
@pytest.mark.slow
def test_a_worker_that_takes_nothing_from_its_queues_ends_itself(cage):
    cage.sings()
    for queue in ("default", "images", worker_direct(cage.hostname).name):
        cage.app.control.cancel_consumer(queue, reply=True)
    began = time.monotonic()
    wait_until(cage.ended)

    assert cage.process.returncode == 1
    assert time.monotonic() - began < DEAF_SECONDS + 30
    assert "has carried out no task for" in cage.log
    assert "although Redis answers" in cage.log


@real
@pytest.mark.slow
def test_a_worker_whose_process_stands_still_ends_and_leaves_none_behind(cage):
    cage.sings()
    [child] = cage.worker.children()
    os.kill(child, signal.SIGSTOP)
    wait_until(cage.ended)

    assert cage.process.returncode == 1
    wait_until(lambda: not Path(f"/proc/{child}/exe").exists())


@real
@pytest.mark.slow
def test_a_long_task_is_not_taken_for_deafness(cage):
    cage.sings()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("LOCK TABLE accounts_invitation IN ACCESS EXCLUSIVE MODE")
        cage.app.send_task("accounts.tasks.send_invitation", NOBODY, queue="default")
        wait_until(lambda: "send_invitation" in cage.log)
        time.sleep(DEAF_SECONDS + 4)
        assert not cage.ended()
        assert time.time() - cage.file.stat().st_mtime < DEAF_SECONDS, "looks unhealthy"

    cage.sings()


@real
@pytest.mark.slow
def test_whoever_watches_the_code_ends_as_well(open_cage):
    """It would wait for the next change, and the container would not be restarted."""
    watcher = subprocess.Popen(["sleep", "300"])
    cage = open_cage(WORKER_WATCHED_BY=str(watcher.pid))
    try:
        cage.sings()
        os.kill(cage.worker.children()[0], signal.SIGSTOP)
        wait_until(cage.ended)
        assert watcher.wait(timeout=30) == -signal.SIGTERM
    finally:
        watcher.kill()
        watcher.wait()


def looks(*moments, patience=300):
    """At which look, if any, the worker is found deaf. Moments: (now, what is seen)."""
    watch = Watch(now=0)
    for now, seen in moments:
        values = {"heard": 0, "redis_answers": True, "is_busy": False} | seen
        if watch.look(now=now, **values) >= patience:
            return now
    return None


def minute_by_minute(*minutes):
    """One look each five seconds; what is seen may change each minute."""
    return [
        (60 * minute + second + 5, seen)
        for minute, seen in enumerate(minutes)
        for second in range(0, 60, 5)
    ]


def test_five_minutes_of_silence_are_deafness():
    assert looks(*minute_by_minute(*[{}] * 7)) == 300
    assert (
        looks(*minute_by_minute(*[{}] * 4, {"heard": 7}, *[{"heard": 7}] * 4)) is None
    )


def test_each_excuse_begins_the_five_minutes_anew():
    for excuse in ({"redis_answers": False}, {"is_busy": True}, {"heard": 9}):
        silence = [{}] * 4
        assert looks(*minute_by_minute(*silence, excuse, *silence)) is None
        assert looks(*minute_by_minute(*silence, excuse, *[{}] * 7)) is not None


def test_a_process_that_stood_still_itself_has_heard_nothing_of_late():
    assert looks((5, {}), (4000, {}), (4005, {})) is None


def test_a_worker_that_cannot_write_its_file_is_not_ended_for_it(
    settings, tmp_path, monkeypatch, caplog
):
    began = []
    monkeypatch.setattr(canary.Watchdog, "start", lambda dog: began.append(dog))
    worker = SimpleNamespace(
        hostname="celery@here", controller=SimpleNamespace(concurrency=1)
    )
    settings.WORKER_CANARY_FILE = str(tmp_path / "no-such" / "canary")
    canary.begin(worker)
    assert began == []
    assert "Correct WORKER_CANARY_FILE" in caplog.text

    settings.WORKER_CANARY_FILE = str(tmp_path / "canary")
    canary.begin(worker)
    assert len(began) == 1
    assert not (tmp_path / "canary").exists()


@pytest.fixture
def at_work(monkeypatch):
    requests = set()
    monkeypatch.setattr(state, "active_requests", requests)

    def begun(*, seconds_ago, limit=None, name="gallery.make_renditions"):
        requests.add(Request(time.time() - seconds_ago, limit, name))

    return begun


class Request:
    def __init__(self, time_start, limit, name):
        self.name = name
        self.time_start = time_start
        self.time_limits = (limit, None)
        self.task = SimpleNamespace(time_limit=None)


def test_all_processes_at_work_are_an_excuse(at_work):
    at_work(seconds_ago=100)
    assert not is_busy(2)
    at_work(seconds_ago=20_000, limit=86_400)
    assert is_busy(2)


def test_a_task_beyond_its_limit_is_no_excuse(at_work):
    at_work(seconds_ago=settings.CELERY_TASK_TIME_LIMIT + 40)
    assert not is_busy(1)


def test_a_canary_that_takes_its_time_is_no_excuse_for_the_next(at_work):
    at_work(seconds_ago=1, name=canary.sing.name)
    assert not is_busy(1)


def test_only_canaries_that_are_well_are_left_out_of_the_log():
    def record(level, **values):
        return logging.makeLogRecord({"levelno": level, "args": values or ("plain",)})

    assert not is_no_canary(record(logging.INFO, name=canary.sing.name))
    structured = record(logging.INFO)
    structured.msg = {"event": "task_started", "task": canary.sing.name}
    assert not is_no_canary(structured)
    assert is_no_canary(record(logging.ERROR, name=canary.sing.name))
    assert is_no_canary(record(logging.INFO, name="gallery.tasks.process_photo"))
    assert is_no_canary(record(logging.INFO))


def test_the_fact_of_the_worker_reads_what_it_sings(tmp_path, settings):
    settings.WORKER_CANARY_FILE = str(tmp_path / "canary")
    canary.sing()

    assert (tmp_path / "canary").exists()
    assert worker_check().state == "ok"
