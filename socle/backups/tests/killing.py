"""Runs something in a process of its own, which is killed just before its nth step."""

import os
import signal
from collections.abc import Callable
from pathlib import Path

import psycopg2
import pytest

from socle.backups.swap import database_swap

SECONDS = 20


def killed_at(step: int, work: Callable[[], None]) -> bool:
    """
    True when it was killed, False when it had ended before that step. A step is a
    rename, a deletion, a statement of the swap or a commit: each moment before and
    after one of them is a moment in which the world looks different.
    """
    child = os.fork()
    if child == 0:
        try:
            _run(work, step=step)
            os._exit(0)
        except BaseException:
            os._exit(1)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        assert os.WTERMSIG(status) == signal.SIGKILL
        return True
    assert os.WEXITSTATUS(status) == 0
    return False


def _run(work: Callable[[], None], *, step: int) -> None:
    left = step
    signal.alarm(SECONDS)  # a child that hangs is no pass

    def stepwise(function):
        def run(*args, **words):
            nonlocal left
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            left -= 1
            result = function(*args, **words)
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            left -= 1
            return result

        return run

    class Committing(psycopg2.extensions.connection):
        commit = stepwise(psycopg2.extensions.connection.commit)

    patch, connect = pytest.MonkeyPatch(), psycopg2.connect
    patch.setattr(Path, "rename", stepwise(Path.rename))
    patch.setattr(Path, "unlink", stepwise(Path.unlink))
    patch.setattr(database_swap, "_rename", stepwise(database_swap._rename))
    patch.setattr(
        psycopg2,
        "connect",
        lambda **words: connect(**words, connection_factory=Committing),
    )
    work()
