"""Waiting until a program answers, and no longer."""

import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from http.client import HTTPException
from pathlib import Path

from socle.embedded.exceptions import NotReady

PAUSE_SECONDS = 0.05


def wait_until(
    is_ready: Callable[[], bool],
    *,
    name: str,
    timeout_seconds: float,
    has_ended: Callable[[], str] = lambda: "",
) -> None:
    """
    Return once `is_ready`. `has_ended` says why it never will be, or nothing.

    Raises NotReady.
    """
    deadline = time.monotonic() + timeout_seconds
    while not is_ready():
        if reason := has_ended():
            raise NotReady(f"{name} ended before it was ready: {reason}")
        if time.monotonic() > deadline:
            raise NotReady(f"{name} did not answer within {timeout_seconds:g} s.")
        time.sleep(PAUSE_SECONDS)


def http_answers(url: str, *, status: int = 200) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5) as response:
            return response.status == status
    except urllib.error.HTTPError as error:
        return error.code == status
    except (OSError, HTTPException):
        return False


def valkey_answers(path: Path) -> bool:
    """PING over the socket; while it still loads its file it answers LOADING."""
    try:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(2)
            connection.connect(str(path))
            connection.sendall(b"PING\r\n")
            return connection.recv(64).startswith(b"+PONG")
    except OSError:
        return False


def succeeds(command: list[str]) -> bool:
    quiet = subprocess.DEVNULL
    return subprocess.run(command, stdout=quiet, stderr=quiet).returncode == 0


def is_port_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
