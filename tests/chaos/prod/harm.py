"""What is done to containers: their processes die, or all of them at once."""

import os
import signal
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from stack import Stack

# docker-init has one child, the process that the image or `command:` names.
KILL_MAIN = "kill -9 $(cat /proc/1/task/1/children)"


def kill_main_process(stack: Stack, service: str) -> None:
    """As the kernel does it: no handler runs, nothing is written down."""
    stack.compose("exec", "-T", service, "sh", "-c", KILL_MAIN, check=False)


def kill_all_at_once(containers: Iterable[dict]) -> None:
    """From outside, as when the power fails; the engine's restart policies go on."""
    pids = [container["State"]["Pid"] for container in containers]
    families = [pid for first in pids for pid in (first, *children_of(first))]
    for pid in families:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def children_of(pid: int) -> list[int]:
    found = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [int(number) for number in found]
