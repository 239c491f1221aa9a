import json
import os
import subprocess
import sys
import time

import pytest
from django.conf import settings
from django.http import HttpResponse
from django.test import RequestFactory
from structlog.contextvars import bound_contextvars

from socle.core import request_ids
from socle.core.request_ids import RequestIdMiddleware
from socle.core.tests.failing_site import QUEUE, hand_on_later
from socle.core.tests.workers import Worker

CELERY = [sys.executable, "-m", "celery", "--app=config", "worker", "--concurrency=1"]


def ask(headers):
    seen = []

    def view(request):
        seen.extend([request_ids.current(), request.META[request_ids.HEADER]])
        return HttpResponse()

    RequestIdMiddleware(view)(RequestFactory().get("/", headers=headers))
    assert seen[0] == seen[1]
    return seen[0]


def test_the_id_that_nginx_gave_is_kept():
    assert ask({"X-Request-ID": "0a1b2c3d-4E5F"}) == "0a1b2c3d-4E5F"


@pytest.mark.parametrize(
    "given",
    ["", "short", "a" * 65, "with space", 'quote"12345', "line\nbreak12", "é" * 9],
)
def test_what_is_no_id_is_replaced(given):
    made = ask({"X-Request-ID": given})

    assert made != given
    assert request_ids.FORM.fullmatch(made)


def test_each_request_without_one_gets_its_own():
    assert ask({}) != ask({})


def test_nothing_of_the_last_request_is_left():
    with bound_contextvars(task="old"):
        RequestIdMiddleware(lambda _request: HttpResponse())(RequestFactory().get("/"))
        assert "task" not in request_ids.get_contextvars()


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_a_request_and_its_task_log_the_same_id(client, tmp_path, monkeypatch):
    """And the worker's lines are JSON, one and all."""
    monkeypatch.setenv("LOG_FORMAT", "json")
    with (tmp_path / "log").open("w") as log:
        worker = Worker(log)
        try:
            answer = client.post(
                "/api/account/password-reset/",
                {"email": "nobody@example.com"},
                content_type="application/json",
                headers={"X-Request-ID": "follow-me-1234"},
            )
            assert answer.status_code < 300, answer.content
            lines = lines_with(tmp_path / "log", "task_succeeded")
        finally:
            worker.kill()
    events = [line["event"] for line in lines if line["request_id"] == "follow-me-1234"]
    assert events == [
        "task_started",
        "A new password was asked for an address that has no account.",
        "task_succeeded",
    ]
    assert {line["task"] for line in lines if line["request_id"]} == {
        "accounts.tasks.send_reset"
    }
    assert "nobody@" not in json.dumps(lines)


@pytest.mark.slow
def test_a_task_hands_the_id_on_to_those_that_it_starts(tmp_path):
    """And each thing is said once."""
    with bound_contextvars(request_id="follow-me-5678"):
        hand_on_later.apply_async(queue=QUEUE)
    with (tmp_path / "log").open("w") as log:
        worker = subprocess.Popen(
            [*CELERY, "--include=socle.core.tests.failing_site", f"--queues={QUEUE}"],
            cwd=settings.BASE_DIR,
            env={**os.environ, "LOG_FORMAT": "json"},
            stderr=log,
            stdout=log,
        )
        try:
            lines = lines_with(tmp_path / "log", "task_failed")
        finally:
            worker.terminate()
            worker.wait(30)
    followed = [line for line in lines if line["request_id"] == "follow-me-5678"]

    assert [line["event"] for line in followed] == [
        "task_started",
        "task_enqueued",
        "task_succeeded",
        "task_started",
        "task_failed",
    ]
    assert followed[2]["result"] == "handed on, for [e-mail]"
    assert followed[-1]["exception"].endswith("OSError: No letter to [e-mail]")
    assert followed[-1]["parent_task_id"] == followed[0]["task_id"]


def lines_with(log, event, *, timeout_seconds=90):
    deadline = time.monotonic() + timeout_seconds
    while time.monotonic() < deadline:
        text = log.read_text().rpartition("\n")[0]
        if f'"{event}"' in text:
            return [json.loads(line) for line in text.splitlines()]
        time.sleep(0.2)
    raise AssertionError(log.read_text())
