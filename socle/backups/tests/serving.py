"""A real gunicorn that serves a test's own site."""

import http.client
import os
import random
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import jwt
from django.conf import settings

from socle.backups.runs.backup_source import BackupSource

STARTED_SECONDS = 120


def environment_of(site: BackupSource) -> dict[str, str]:
    return os.environ | {
        "POSTGRES_DB": site.database.name,
        "MEDIA_ROOT": str(site.media_root),
        "BACKUP_STORAGE_URL": site.store_url,
    }


@contextmanager
def serving(site: BackupSource, **variables: str) -> Iterator[int]:
    """Yields its port."""
    port = free_port()
    environment = environment_of(site) | {
        "WEB_HOST": "127.0.0.1",
        "WEB_PORT": str(port),
        "WEB_WORKERS": "1",
    }
    gunicorn = [sys.executable, "-m", "gunicorn", "-c", "config/gunicorn.conf.py"]
    server = subprocess.Popen(
        [*gunicorn, "config.wsgi"], cwd=settings.BASE_DIR, env=environment | variables
    )
    try:
        wait_for(port)
        yield port
    finally:
        server.terminate()
        server.wait(timeout=60)


def free_port() -> int:
    while True:
        port = random.randrange(20_000, 32_000)
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)):
                return port


def wait_for(port: int) -> None:
    for _ in range(STARTED_SECONDS * 10):
        try:
            if get(port, "/health/ready")[0] == 200:
                return
        except OSError:
            pass
        time.sleep(0.1)
    raise AssertionError("gunicorn does not answer.")


def stranger() -> str:
    """An access token that the site has signed, of a sign-in that it does not know."""
    claims = {"token_type": "access", "jti": "j", "pair": "p", "sign_in": "a" * 32}
    claims["exp"] = int(time.time()) + 60
    return jwt.encode(claims, settings.SIMPLE_JWT["SIGNING_KEY"], algorithm="HS256")


def get(port: int, path: str) -> tuple[int, str | None]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        # An unknown sign-in: each request asks the database for it.
        connection.request("GET", path, headers={"Cookie": f"access={stranger()}"})
        response = connection.getresponse()
        response.read()
        return response.status, response.headers["Retry-After"]
    finally:
        connection.close()


@contextmanager
def repeated(work: Callable[[], None], *, threads: int) -> Iterator[None]:
    """Calls `work` again and again, in so many threads, until the block ends."""
    done = threading.Event()

    def repeat():
        while not done.is_set():
            work()

    started = [threading.Thread(target=repeat) for _ in range(threads)]
    for thread in started:
        thread.start()
    try:
        yield
    finally:
        done.set()
        for thread in started:
            thread.join()
