import os
import subprocess
import sys
from collections import Counter
from contextlib import contextmanager

import pytest
from django.conf import settings

from config.celery import app
from socle.core import sentry
from socle.core.tests.conftest import wait_until
from socle.core.tests.failing_site import QUEUE
from socle.core.tests.sentry_server import running_sentry

WORKER = ["-m", "celery", "--app=config", "worker", f"--queues={QUEUE}"]
WORKER += ["--include=socle.core.tests.failing_site", "--concurrency=1"]


@pytest.fixture(scope="module")
def told():
    """What Sentry was told by a site whose page and whose task failed."""
    forget_tasks()
    with running_sentry() as server:
        run = subprocess.run(
            [sys.executable, "-m", "socle.core.tests.failing_site"],
            capture_output=True,
            check=False,
            **settings_of(server),
        )
        assert run.returncode == 0, run.stderr[-3000:]
        with worker(server):
            wait_until(
                lambda: len(server.items("transaction")) >= TRANSACTIONS, seconds=120
            )
        yield server


TRANSACTIONS = 5  # of three pages, a refused host, and the task


@contextmanager
def worker(server):
    process = subprocess.Popen(
        [sys.executable, *WORKER],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        **settings_of(server),
    )
    try:
        yield
    finally:
        process.terminate()
        process.wait(30)


def settings_of(server):
    environment = {
        **os.environ,
        "SENTRY_DSN": server.dsn,
        "SENTRY_TRACES_SAMPLE_RATE": "1.0",
        "ENVIRONMENT": "local",
        "DEBUG": "0",
        "IMAGE_TAG": "v7",
        "ALLOWED_HOSTS": "127.0.0.1",
    }
    return {"cwd": settings.BASE_DIR, "env": environment, "text": True}


def forget_tasks():
    """Those that a worker of another test left unfinished would be told of as well."""
    with app.connection_for_write() as connection:
        connection.default_channel.queue_purge(QUEUE)


def kinds(event):
    return [value["type"] for value in event["exception"]["values"]]


def test_a_failed_page_is_told_with_its_release_and_request(told):
    (event,) = [one for one in told.items("event") if kinds(one) == ["ValueError"]]

    assert event["release"] == "socle@v7"
    assert event["environment"] == "local"
    assert event["tags"]["request_id"] == "request-invi"
    assert event["transaction"] == "/invitations/{key}/fail/"
    assert event["exception"]["values"][0]["stacktrace"]["frames"]


def test_a_failed_task_is_told_with_the_request_that_began_it(told):
    (event,) = [one for one in told.items("event") if kinds(one) == ["OSError"]]

    assert event["transaction"] == "failing.fail_later"
    assert event["tags"]["request_id"] == "request-hand"


def test_nothing_else_is_told(told):
    """Neither broken pipes, nor foreign hosts, nor the same twice."""
    told_kinds = Counter(kind for event in told.items("event") for kind in kinds(event))

    assert told_kinds["OSError"] == told_kinds["ValueError"] == 1
    assert not {"BrokenPipeError", "DisallowedHost"} & set(told_kinds)


def test_times_are_told_of_pages_and_tasks_but_not_of_probes(told):
    names = {one["transaction"] for one in told.items("transaction")}

    assert "/hand-on/" in names
    assert "failing.fail_later" in names
    assert not [name for name in names if "health" in name]


@pytest.mark.parametrize(
    "secret",
    ["ada@", "203.0.113.9", "c00kie", "s3cret", "aBcDeFgHiJkLmN"],
)
def test_no_person_and_no_secret_leaves_the_site(told, secret):
    assert secret not in told.everything()


def test_a_task_is_measured_when_its_request_was():
    share = sentry.sampler(0.25)

    assert share({"wsgi_environ": {"PATH_INFO": "/"}, "parent_sampled": True}) == 0.25
    assert share({"wsgi_environ": {"PATH_INFO": "/static/a.js"}}) == 0
    assert share({"parent_sampled": True}) == 1
    assert share({"parent_sampled": False}) == 0
    assert share({"transaction_context": {"name": "socle.core.canary.sing"}}) == 0
    assert share({"transaction_context": {"name": "gallery.take_in"}}) == 0.25
