"""Runs work in a process of its own, to be killed at a random moment."""

import os
import random
import signal
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from servers import kill

LONGEST_SECONDS = 90
KILLED = -signal.SIGKILL


@dataclass
class Rounds:
    """So many rounds, and the chance that decides about each."""

    count: int
    chance: random.Random

    def __iter__(self) -> Iterator[int]:
        return iter(range(self.count))


class Child:
    """A fork of this process, which has Django loaded already: cheap to start."""

    def __init__(self, work: Callable[[], object], *, log: Path):
        self._log = log.with_name(f"{log.name}-{uuid4().hex[:8]}")
        self._status: int | None = None
        self.pid = os.fork()
        if self.pid == 0:
            _run(work, log=self._log)

    def has_ended(self) -> bool:
        if self._status is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self._status = os.waitstatus_to_exitcode(status)
        return self._status is not None

    def wait(self, *, seconds: float = LONGEST_SECONDS) -> int:
        """Its exit status; one that hangs is killed and is a failure of the test."""
        ends_at = time.monotonic() + seconds
        while not self.has_ended():
            if time.monotonic() > ends_at:
                self.kill()
                raise AssertionError(f"It hung for {seconds:.0f} s:\n{self.words()}")
            time.sleep(0.002)
        return self._status

    def kill(self) -> int:
        kill(self.pid)
        return self.wait(seconds=10)

    def kill_after(self, seconds: float) -> int:
        """Its exit status: KILLED, or its own when it was over before."""
        ends_at = time.monotonic() + seconds
        while time.monotonic() < ends_at and not self.has_ended():
            time.sleep(0.001)
        return self._status if self.has_ended() else self.kill()

    def words(self) -> str:
        return self._log.read_text(errors="replace")[-3000:]


def _run(work: Callable[[], object], *, log: Path) -> None:
    """The child: everything it says goes to `log`, and nothing of pytest's runs."""
    status = 70
    try:
        output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        for number in (1, 2):
            os.dup2(output, number)
        sys.stdout = sys.stderr = os.fdopen(output, "w", buffering=1)
        work()
        status = 0
    except SystemExit as ended:
        status = ended.code if isinstance(ended.code, int) else 1
    except BaseException:
        traceback.print_exc()
        status = 1
    finally:
        os._exit(status)


def seconds_of(work: Callable[[], int]) -> float:
    """How long an undisturbed run takes; it must succeed."""
    started = time.monotonic()
    assert work() == 0
    return time.monotonic() - started


def wait_for(is_true: Callable[[], bool], *, seconds: float, what: str) -> float:
    """How long it took. Raises AssertionError after `seconds`."""
    started = time.monotonic()
    while not is_true():
        if time.monotonic() - started > seconds:
            raise AssertionError(f"{what} after {seconds:.0f} s.")
        time.sleep(0.01)
    return time.monotonic() - started
