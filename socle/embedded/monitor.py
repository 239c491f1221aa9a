"""Tells the person in front of a running stack when a program ends or comes back."""

import subprocess
from http.client import HTTPException

from supervisor.states import ProcessStates

from socle.embedded.console import say
from socle.embedded.stack import Stack

PAUSE_SECONDS = 2


def watch(stack: Stack, process: subprocess.Popen) -> None:
    """Return when supervisord has ended."""
    known = running(stack)
    while True:
        try:
            process.wait(timeout=PAUSE_SECONDS)
            return
        except subprocess.TimeoutExpired:
            now = running(stack)
        for line in news(known, now):
            say(f"{line}  Its log: .local/logs/{line.split()[0]}.log")
        known = now or known


def running(stack: Stack) -> dict[str, int]:
    """The process number of each program that runs."""
    try:
        programs = stack.supervisor.programs()
    except (OSError, HTTPException):  # it is just stopping
        return {}
    alive = {ProcessStates.RUNNING, ProcessStates.STARTING}
    return {p["name"]: p["pid"] for p in programs if p["state"] in alive}


def news(before: dict[str, int], now: dict[str, int]) -> list[str]:
    if not now:
        return []
    ended = [f"{name} has ended." for name in before if name not in now]
    changed = [
        f"{name} ended and was started again."
        if name in before
        else f"{name} runs again."
        for name, pid in now.items()
        if before.get(name) != pid
    ]
    return [*ended, *changed]
