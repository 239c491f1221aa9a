"""What is sent outside, received by a real server."""

import json
import os
import subprocess
import sys
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from uuid import uuid4

import pytest
from django.conf import settings

from socle.backups.runs import notifications
from socle.core.tests.sentry_server import received


class Outside(BaseHTTPRequestHandler):
    """Answers everything, and remembers it."""

    def do_GET(self):
        self.server.pings.append(self.path)
        self._answer()

    def do_POST(self):
        self.server.envelopes.append(received(self))
        self._answer()

    def _answer(self):
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *arguments):
        pass


@pytest.fixture
def outside():
    with ThreadingHTTPServer(("127.0.0.1", 0), Outside) as server:
        server.pings, server.envelopes = [], []
        thread = Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def back_up(site, outside):
    """`manage.py backup` of the test's site, with everybody told."""
    port = outside.server_port

    def run(**changes):
        environment = {
            "POSTGRES_DB": site.database.name,
            "MEDIA_ROOT": str(site.media_root),
            "BACKUP_STORAGE_URL": site.store_url,
            "BACKUP_PING_URL": f"http://127.0.0.1:{port}/ping/secret",
            "SENTRY_DSN": f"http://key@127.0.0.1:{port}/1",
        }
        return subprocess.run(
            [sys.executable, "manage.py", "backup"],
            cwd=settings.BASE_DIR,
            env=os.environ | environment | changes,
            capture_output=True,
            text=True,
            timeout=60,
        )

    return run


def items(envelopes):
    """(type, payload) of everything that Sentry was sent, in order."""
    for envelope in envelopes:
        lines = envelope.split(b"\n")[1:]
        for head, payload in zip(lines[::2], lines[1::2], strict=False):
            yield json.loads(head)["type"], json.loads(payload)


def of_type(outside, kind):
    return [payload for found, payload in items(outside.envelopes) if found == kind]


def test_a_backup_is_told_from_its_beginning_to_its_end(back_up, outside):
    ended = back_up(BACKUP_AT="30_2_*_*_*", TIME_ZONE="Europe/Berlin")

    assert ended.returncode == 0, ended.stderr
    assert outside.pings == ["/ping/secret/start", "/ping/secret"]
    begun, done = of_type(outside, "check_in")
    assert (begun["status"], done["status"]) == ("in_progress", "ok")
    assert begun["check_in_id"] == done["check_in_id"]
    assert begun["monitor_slug"] == "socle-backup"
    assert begun["environment"] == "local"
    assert begun["release"] == "socle@latest"
    assert begun["monitor_config"]["schedule"] == {
        "type": "crontab",
        "value": "30 2 * * *",
    }
    assert begun["monitor_config"]["timezone"] == "Europe/Berlin"
    assert done["duration"] > 0
    assert of_type(outside, "event") == []


def test_a_failed_backup_is_told_also_without_a_database(back_up, outside):
    ended = back_up(POSTGRES_HOST="/nowhere", POSTGRES_PASSWORD="hidden-word")

    assert ended.returncode == 1
    assert "backup failed after" in ended.stderr
    assert outside.pings == ["/ping/secret/start", "/ping/secret/fail"]
    assert [one["status"] for one in of_type(outside, "check_in")] == [
        "in_progress",
        "error",
    ]
    [event] = of_type(outside, "event")
    assert event["exception"]["values"][-1]["type"] == "ServerUnavailable"
    assert b"hidden-word" not in b"".join(outside.envelopes)


def test_a_drill_is_checked_in_weekly_and_does_not_ping(settings, outside, caplog):
    settings.BACKUP_PING_URL = f"http://127.0.0.1:{outside.server_port}"

    notifications.began("drill", run_id=uuid4())
    notifications.ended("drill", run_id=uuid4(), seconds=1.0, failure=None)

    assert outside.pings == []
    assert settings.BACKUP_DRILL_AT == "0 5 * * 0"


@contextmanager
def nothing_listens():
    with ThreadingHTTPServer(("127.0.0.1", 0), Outside) as server:
        port = server.server_port
    yield f"http://127.0.0.1:{port}/secret"


@pytest.mark.parametrize("address", ["", "no address", "http://[broken/secret"])
def test_a_ping_that_fails_is_only_logged(settings, caplog, address):
    with nothing_listens() as dead:
        settings.BACKUP_PING_URL = address or dead
        notifications.began("backup", run_id=uuid4())

    assert "did not arrive" in caplog.text
    assert "secret" not in caplog.text
