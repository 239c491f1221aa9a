"""A worker in a cage: a Redis and a log of its own, and canaries each second."""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

import pytest
import redis
from celery import Celery
from django.conf import settings

from socle.core.tests.workers import Worker

PATIENCE_SECONDS = 90
DEAF_SECONDS = 20  # longer than a worker takes to connect anew, on a slow machine too


def wait_until(what, *, seconds=PATIENCE_SECONDS):
    deadline = time.monotonic() + seconds
    while not (answer := what()):
        assert time.monotonic() < deadline, what
        time.sleep(0.1)
    return answer


class Server:
    """A Redis of one test's own, which may stop and come back with what it had."""

    def __init__(self, folder: Path):
        with redis.Redis.from_url(settings.REDIS_URL) as running:
            pid = running.info("server")["process_id"]
        self._binary = Path(f"/proc/{pid}/exe").readlink()
        self._folder = folder
        self.url = f"unix://{folder / 'redis.sock'}"
        self.start()

    def start(self):
        command = [str(self._binary), "--port", "0", "--appendonly", "yes"]
        command += ["--unixsocket", str(self._folder / "redis.sock")]
        command += ["--dir", str(self._folder), "--daemonize", "no"]
        self.process = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        self.client = redis.Redis.from_url(self.url, db=1)
        wait_until(self.answers)

    def answers(self):
        try:
            return self.client.ping()
        except redis.exceptions.RedisError:
            return False

    def stop(self):
        self.process.send_signal(signal.SIGCONT)
        self.process.kill()
        self.process.wait()
        self.client.close()


@pytest.fixture
def server():
    folder = Path(tempfile.mkdtemp(prefix="canary-"))  # a socket's path must be short
    server = Server(folder)
    yield server
    server.stop()
    shutil.rmtree(folder)


class Cage:
    """A worker with canaries each second, its file and its log."""

    def __init__(self, worker, *, file, log, broker):
        self.worker, self.file, self._log = worker, file, log
        self.app = Celery(broker=broker, set_as_current=False)
        self.hostname = f"celery@{os.uname().nodename}"

    @property
    def log(self):
        return self._log.read_text()

    @property
    def process(self):
        return self.worker.process

    def heard(self):
        return self.file.stat().st_mtime_ns if self.file.exists() else 0

    def sings(self):
        before = self.heard()
        return wait_until(lambda: self.heard() > before)

    def ended(self):
        return self.process.poll() is not None


@pytest.fixture
def open_cage(server, tmp_path):
    """Called with variables of the worker's environment; closes what it opens."""
    path, file = tmp_path / "worker.log", tmp_path / "canary"
    broker = f"redis+socket://{server.url.removeprefix('unix://')}"
    workers = []
    with path.open("w") as log:

        def opened(**environment):
            values = {
                "REDIS_URL": server.url,
                "WORKER_CANARY_FILE": str(file),
                "WORKER_CANARY_SECONDS": "1",
                "WORKER_DEAF_SECONDS": str(DEAF_SECONDS),
            }
            workers.append(Worker(log, **values | environment))
            return Cage(workers[-1], file=file, log=path, broker=broker)

        yield opened
        for worker in workers:
            if worker.process.poll() is None:
                worker.kill()


@pytest.fixture
def cage(open_cage):
    return open_cage()
