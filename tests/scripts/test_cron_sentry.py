"""Sentry is told of each run, and no run notices how Sentry is."""

import gzip
import json
import socket
import subprocess
import sysconfig
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import brotli
import pytest

UNPACK = {None: bytes, "gzip": gzip.decompress, "br": brotli.decompress}


class Sentry(ThreadingHTTPServer):
    """Takes envelopes as Sentry does. `items` are those of check-ins and events."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.items: list[dict] = []
        self.seconds = 0.0
        self.dsn = f"http://abcdef0123456789@127.0.0.1:{self.server_port}/7"

    def of(self, kind: str) -> list[dict]:
        return [item for item in self.items if item["kind"] == kind]


class Handler(BaseHTTPRequestHandler):
    server: Sentry

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        time.sleep(self.server.seconds)
        body = UNPACK[self.headers["Content-Encoding"]](body)
        lines = [json.loads(line) for line in body.splitlines() if line]
        for head, item in zip(lines[1::2], lines[2::2], strict=True):
            self.server.items.append({"kind": head["type"]} | item)
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_) -> None:
        pass


@pytest.fixture
def sentry() -> Iterator[Sentry]:
    sentry = Sentry()
    thread = Thread(target=sentry.serve_forever)
    thread.start()
    yield sentry
    sentry.shutdown()
    thread.join()
    sentry.server_close()


@pytest.fixture
def told(cron, sentry):
    """A cron whose stack has a Sentry, and whose Python knows it."""
    cron.packages = sysconfig.get_path("purelib")
    cron.environment(
        SENTRY_DSN=sentry.dsn,
        ENVIRONMENT="dev",
        PROJECT_NAME="myproject",
        IMAGE_TAG="v7",
        TZ="Europe/Paris",
        SECRET_KEY="key-of-the-site",
    )
    cron.table.write_text("0 3 * * * app /cron/run greet\n")
    return cron


@pytest.fixture
def unhurried(told):
    """Its runner waits for a slow machine too, where the library loads for seconds."""
    path = told.root / "cron/runner/sentry_checkins.py"
    text = path.read_text()
    assert text.count("WAIT_SECONDS = 5 ") == 1
    path.write_text(text.replace("WAIT_SECONDS = 5 ", "WAIT_SECONDS = 25 "))
    return told


def test_a_good_run_checks_in_and_out(unhurried, sentry):
    unhurried.task("greet", "echo hello", limit="90m")

    assert unhurried.run("greet", by="cron").returncode == 0

    began, ended = sentry.of("check_in")
    assert (began["status"], ended["status"]) == ("in_progress", "ok")
    assert began["check_in_id"] == ended["check_in_id"]
    assert began["monitor_slug"] == "myproject-greet"
    assert (began["environment"], began["release"]) == ("dev", "myproject@v7")
    assert ended["duration"] >= 0
    assert began["monitor_config"] == {
        "schedule": {"type": "crontab", "value": "0 3 * * *"},
        "timezone": "Europe/Paris",
        "checkin_margin": 5,
        "max_runtime": 90,
    }
    assert sentry.of("event") == []


@pytest.mark.parametrize(
    ("body", "limit", "words"),
    [
        (
            "echo key-of-the-site me@example.com; exit 3",
            "1m",
            "failed with exit status 3",
        ),
        ("echo key-of-the-site; sleep 60", "4s", "took too long and was ended"),
    ],
)
def test_a_failed_run_is_an_error(unhurried, sentry, body, limit, words):
    unhurried.task("greet", body, limit=limit)

    assert unhurried.run("greet", by="cron").returncode != 0

    assert [one["status"] for one in sentry.of("check_in")] == ["in_progress", "error"]
    (event,) = sentry.of("event")
    assert event["message"] == f"The job greet {words}."
    assert event["level"] == "error"
    assert event["tags"]["task"] == "greet"
    assert event["extra"]["output"].startswith("[hidden]")
    for never in ("key-of-the-site", "me@example.com", sentry.dsn):
        assert never not in json.dumps(sentry.items)


def test_a_run_by_hand_is_expected_by_no_monitor(unhurried, sentry):
    unhurried.task("greet", "exit 3")

    unhurried.run("greet")

    assert sentry.of("check_in") == []
    assert len(sentry.of("event")) == 1


def test_a_task_that_checks_in_by_itself_has_one_monitor(unhurried, sentry):
    unhurried.task("greet", "OWN_MONITOR=yes\nexit 3")

    unhurried.run("greet", by="cron")

    assert sentry.of("check_in") == []
    assert len(sentry.of("event")) == 1


def test_the_address_of_sentry_may_be_a_file(unhurried, sentry):
    file = unhurried.root / "dsn"
    file.write_text(f"{sentry.dsn}\n")
    unhurried.environment(SENTRY_DSN="", SENTRY_DSN_FILE=str(file))
    unhurried.task("greet", "exit 3")

    unhurried.run("greet")

    assert len(sentry.of("event")) == 1


def test_sentry_is_loaded_only_where_it_is_wanted(told):
    told.environment(SENTRY_DSN="")
    folder = told.root / "cron" / "sentry_sdk"
    folder.mkdir()
    (folder / "__init__.py").write_text("raise SystemExit('It was loaded.')")
    told.task("greet", "echo hello")

    assert "loaded" not in told.run("greet", by="cron").stdout


# --- when Sentry is away ------------------------------------------------------------


def run_and_record(cron) -> tuple[float, float]:
    """How long the task took and how long the runner, in seconds."""
    cron.task("greet", "sleep 0.2; exit 3")
    began = time.monotonic()
    assert cron.run("greet", by="cron").returncode == 3
    (record,) = cron.records("greet")
    assert record["outcome"] == "failed"
    return record["seconds"], time.monotonic() - began


def test_a_sentry_that_is_down_delays_nothing(told):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    told.environment(SENTRY_DSN=f"http://abc@127.0.0.1:{port}/7")

    took, whole = run_and_record(told)

    assert took < 10
    assert whole < 25


def test_a_sentry_that_never_answers_delays_nothing(told, sentry):
    sentry.seconds = 30

    took, whole = run_and_record(told)

    assert took < 10
    assert whole < 25


def test_a_sentry_that_takes_long_to_load_delays_nothing(told):
    folder = told.root / "cron" / "sentry_sdk"
    folder.mkdir()
    (folder / "__init__.py").write_text("import time; time.sleep(40)")

    took, whole = run_and_record(told)

    assert took < 10
    assert whole < 25


def test_the_next_start_does_not_wait_for_sentry(told, sentry):
    sentry.seconds = 30
    told.task("greet", "true")
    slow = subprocess.Popen(**told.command("greet", by="cron"))
    while not (told.jobs / "greet.jsonl").exists():
        time.sleep(0.02)

    second = told.run("greet")
    slow.wait(timeout=30)

    assert second.returncode == 0


@pytest.mark.parametrize("dsn", ["nonsense", "http://", "https://host/without-key"])
def test_a_wrong_address_of_sentry_is_said_and_fails_nothing(told, dsn):
    told.environment(SENTRY_DSN=dsn)
    told.task("greet", "echo hello")

    done = told.run("greet")

    assert done.returncode == 0
    assert "Sentry could not be told: BadDsn" in done.stdout
