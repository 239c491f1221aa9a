"""What /proc tells: the processes of a stack, and who listens on a port."""

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

SERVERS = ("postgres", "valkey-server", "fake-gcs-server")
LISTENING = "0A"


def pids() -> list[int]:
    return [int(path.name) for path in Path("/proc").glob("[0-9]*")]


def stack_processes(local: Path, *, run: Path | None = None) -> list[int]:
    """
    The processes of the stack in `local`, ourselves excepted.

    A Python process has its mark in its environment. Postgres and Valkey write
    over theirs, but name their folder or socket on the command line.
    """
    own = {os.getpid(), os.getppid()}
    places = [os.fsencode(place) for place in (local, run) if place is not None]
    return [
        pid for pid in pids() if pid not in own and belongs(pid, local, places=places)
    ]


def belongs(pid: int, local: Path, *, places: list[bytes]) -> bool:
    mark = b"SOCLE_STACK=" + os.fsencode(local)
    try:
        if mark in read(pid, "environ").split(b"\0"):
            return True
        command = read(pid, "cmdline")
        is_server = Path(f"/proc/{pid}/exe").readlink().name.startswith(SERVERS)
    except OSError:  # it ended, or is another user's
        return False
    return is_server and any(place + b"/" in command for place in places)


def read(pid: int, name: str) -> bytes:
    return Path(f"/proc/{pid}/{name}").read_bytes()


def end_processes(found: list[int], *, patience_seconds: float) -> None:
    """Wait for them to end by themselves, then ask them to, then make them."""
    for number in (None, signal.SIGTERM, signal.SIGKILL):
        if number is not None:
            for pid in found:
                send(pid, number)
        deadline = time.monotonic() + patience_seconds
        while (found := [pid for pid in found if is_alive(pid)]) and (
            time.monotonic() < deadline
        ):
            time.sleep(0.05)


def send(pid: int, number: signal.Signals) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return


def is_alive(pid: int) -> bool:
    """A zombie is not: it only waits for its parent to take note."""
    try:
        return read(pid, "stat").rsplit(b")", 1)[1].split()[0] != b"Z"
    except OSError:
        return False


def listeners(port: int) -> list[int]:
    """The processes that listen on `port`, as far as we may see them."""
    wanted = {f"socket:[{inode}]" for inode in listening_sockets(port)}
    return [pid for pid in pids() if wanted & set(open_files(pid))] if wanted else []


def listening_sockets(port: int) -> Iterator[str]:
    for table in (Path("/proc/net/tcp"), Path("/proc/net/tcp6")):
        for line in table.read_text().splitlines()[1:] if table.exists() else []:
            fields = line.split()
            if fields[3] == LISTENING and int(fields[1].rsplit(":")[-1], 16) == port:
                yield fields[9]


def open_files(pid: int) -> Iterator[str]:
    try:
        for path in Path(f"/proc/{pid}/fd").iterdir():
            yield str(path.readlink())
    except OSError:
        return


def describe(pid: int) -> str:
    try:
        command = read(pid, "cmdline").replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        command = ""
    return f"process {pid} ({command.strip()[:60]})"
