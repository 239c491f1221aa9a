"""Runs a program, for so long and no longer, and ends all that it has started."""

import contextlib
import ctypes
import os
import select
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

PR_SET_CHILD_SUBREAPER = 36
ENDING = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
GRACE_SECONDS = 10
LONGEST_LINE = 64 * 1024
# What a task leaves running may keep its output open for ever: nobody waits for that.
LAST_WORDS_SECONDS = 2


class TimedOut(Exception):
    """The program did not end in time. It has been ended, with all its children."""


class Interrupted(BaseException):
    """Somebody ended this process, such as Ctrl-C or the end of the container."""

    def __init__(self, number: int):
        super().__init__(signal.Signals(number).name)
        self.number = number


@contextmanager
def heeding_signals() -> Iterator[None]:
    """In here a signal that ends processes raises Interrupted."""

    def interrupt(number, _frame):
        raise Interrupted(number)

    for number in ENDING:
        signal.signal(number, interrupt)
    try:
        yield
    finally:
        for number in ENDING:
            signal.signal(number, signal.SIG_DFL)


def run_program(
    command: list[str],
    *,
    folder: Path,
    variables: Mapping[str, str],
    limit_seconds: float,
    heard: Callable[[str], None],
) -> int:
    """
    The exit status; 128 and the number of the signal for one that was killed.

    heard: called with each line of the output, from another thread.

    Raises TimedOut, or OSError where the program cannot be started.
    """
    adopt_orphans()
    listener = None
    try:  # from here on: a signal may come before this process waits
        process = subprocess.Popen(
            command,
            cwd=folder,
            env=dict(variables),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        listener = Thread(target=_listen, args=(process.stdout, heard), daemon=True)
        listener.start()
        if not _ends_within(process.pid, limit_seconds):
            raise TimedOut
        status = process.wait()
    except BaseException:
        end_descendants()
        raise
    finally:
        if listener and listener.ident:
            listener.join(LAST_WORDS_SECONDS)
    return status if status >= 0 else 128 - status


def adopt_orphans() -> None:
    """Descendants whose parent ends become children of this process: none is lost."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def end_descendants() -> None:
    """Asked first; after ten seconds killed."""
    deadline = time.monotonic() + GRACE_SECONDS
    for pid in descendants(os.getpid()):
        _send(pid, signal.SIGTERM)
    while alive := descendants(os.getpid()):
        if time.monotonic() > deadline:
            for pid in alive:
                _send(pid, signal.SIGKILL)
        time.sleep(0.05)


def descendants(ancestor: int) -> list[int]:
    """The running processes below `ancestor`, children and their children."""
    children: dict[int, list[int]] = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            with contextlib.suppress(OSError):
                state, parent = _stat(folder)
                if state != "Z":
                    children.setdefault(parent, []).append(int(folder.name))
    found: list[int] = []
    waiting = [ancestor]
    while waiting:
        below = children.get(waiting.pop(), [])
        found += below
        waiting += below
    return found


def _stat(folder: Path) -> tuple[str, int]:
    """The name in the middle may hold anything, also spaces and parentheses."""
    words = (folder / "stat").read_text(errors="replace").rpartition(")")[2].split()
    return words[0], int(words[1])


def _send(pid: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(pid, number)


def _ends_within(pid: int, seconds: float) -> bool:
    """By a clock that nobody sets."""
    handle = os.pidfd_open(pid)
    try:
        return bool(select.select([handle], [], [], seconds)[0])
    finally:
        os.close(handle)


def _listen(stream, heard: Callable[[str], None]) -> None:
    while line := stream.readline(LONGEST_LINE):
        heard(line.decode(errors="replace").rstrip("\r\n"))
