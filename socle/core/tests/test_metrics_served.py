"""The port that Prometheus asks, on a gunicorn as it runs in the container."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from http.client import HTTPException
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest
from django.conf import settings
from django.db import connection

pytestmark = pytest.mark.slow
GUNICORN = Path(sys.executable).with_name("gunicorn")


class Site:
    def __init__(self, process, port, metrics_port):
        self.process, self.port, self.metrics_port = process, port, metrics_port

    def status(self, path):
        return ask(self.port, path)[0]

    def metric(self, name):
        """The sum of all lines of that name."""
        lines = ask(self.metrics_port, "/metrics")[1].splitlines()
        found = [line for line in lines if re.match(rf"{name}[{{ ]", line)]
        return sum(float(line.rsplit(" ", 1)[1]) for line in found)

    def workers(self):
        return {one for one in children_of(self.process.pid) if not children_of(one)}

    def keeper(self):
        """Of the metrics: who has a child of its own, which serves them."""
        (found,) = set(children_of(self.process.pid)) - self.workers()
        return found


def children_of(pid):
    try:
        text = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    except FileNotFoundError:
        return []
    return [int(child) for child in text.split()]


def ask(port, path):
    try:
        with urlopen(f"http://127.0.0.1:{port}{path}", timeout=20) as answer:
            return answer.status, answer.read().decode()
    except HTTPError as error:
        return error.code, ""


def wait_until(is_true, *, timeout_seconds=30):
    deadline = time.monotonic() + timeout_seconds
    while True:
        try:
            if is_true():
                return
        except (OSError, HTTPException, ValueError):
            pass
        assert time.monotonic() < deadline
        time.sleep(0.2)


def is_closed(port):
    with socket.socket() as tried:
        return tried.connect_ex(("127.0.0.1", port)) != 0


def free_port():
    while True:
        with socket.socket() as tried:
            tried.bind(("127.0.0.1", 0))
            port = tried.getsockname()[1] - 25_000  # out of the range of connections
        with socket.socket() as tried:
            if tried.connect_ex(("127.0.0.1", port)):
                return port


@contextmanager
def running(log, **variables):
    port, metrics_port = free_port(), free_port()
    environment = {
        **os.environ,
        "POSTGRES_DB": connection.settings_dict["NAME"],
        "WEB_PORT": str(port),
        "METRICS_PORT": str(metrics_port),
        "WEB_WORKERS": "2",
        "LOG_FORMAT": "json",
        **variables,
    }
    with log.open("w") as output:
        process = subprocess.Popen(
            [GUNICORN, "-c", "config/gunicorn.conf.py", "config.wsgi"],
            cwd=settings.BASE_DIR,
            env=environment,
            stdout=output,
            stderr=output,
        )
    site = Site(process, port, metrics_port)
    try:
        wait_until(lambda: site.status("/health/live") == 200)
        wait_until(lambda: site.metric("site_up") == 1)
        yield site
    finally:
        process.terminate()
        process.wait(30)
    for line in log.read_text().splitlines():
        json.loads(line)


@pytest.mark.django_db(transaction=True)
def test_the_numbers_of_all_workers_outlive_each_of_them(tmp_path):
    with running(tmp_path / "log") as site:
        for _ in range(10):
            site.status("/api/nothing/")
        assert site.metric("http_requests_total") == 10
        assert site.metric("gallery_photos") == 0

        workers = site.workers()
        assert len(workers) == 2
        for worker in workers:
            os.kill(worker, signal.SIGKILL)
        wait_until(lambda: len(site.workers() - workers) == 2)
        for _ in range(10):
            site.status("/api/nothing/")

        assert site.metric("http_requests_total") == 20
        folder = Path(f"/tmp/metrics-{site.metrics_port}")
        names = {path.name for path in folder.glob("counter_*.db")}
        assert names  # a worker that answered nothing has none
        assert names <= {"counter_0.db", "counter_1.db"}


@pytest.mark.django_db(transaction=True)
def test_visitors_do_not_reach_the_metrics(tmp_path):
    with running(tmp_path / "log") as site:
        assert site.status("/metrics") == 404
        assert ask(site.metrics_port, "/sign-in/")[0] == 404


@pytest.mark.django_db(transaction=True)
def test_who_serves_the_metrics_is_started_anew_and_ends_with_gunicorn(tmp_path):
    with running(tmp_path / "log") as site:
        keeper = site.keeper()
        (server,) = children_of(keeper)
        os.kill(server, signal.SIGKILL)
        wait_until(lambda: site.metric("site_up") == 1)
        assert children_of(keeper) != [server]

        os.kill(keeper, signal.SIGKILL)
        wait_until(lambda: keeper not in children_of(site.process.pid))
        os.kill(min(site.workers()), signal.SIGTERM)  # at the next, gunicorn looks
        wait_until(lambda: site.keeper() != keeper)
        wait_until(lambda: site.metric("site_up") == 1)
    wait_until(lambda: is_closed(site.metrics_port))


@pytest.mark.django_db(transaction=True)
def test_nobody_serves_them_once_gunicorn_was_killed(tmp_path):
    with running(tmp_path / "log") as site:
        site.process.kill()
        wait_until(lambda: is_closed(site.metrics_port))


def test_without_a_database_the_rest_is_still_there(tmp_path):
    with running(tmp_path / "log", POSTGRES_HOST=str(tmp_path)) as site:
        assert site.metric("site_up") == 1
        assert site.metric("site_disk_size_bytes") > 0
        page = ask(site.metrics_port, "/metrics")[1]
        assert (
            'site_collector_up{collector="socle.backups.metrics.collect"} 0.0' in page
        )
        assert 'site_check_state{check="database"} 2.0' in page
        assert 'celery_queue_length{queue="images"}' in page
