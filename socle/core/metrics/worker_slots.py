"""
Which of gunicorn's places a process has: its numbers are kept under that name.

By their pid, as the library does it, each of the workers that are recycled all day
would leave a file behind, to be read at each scrape for ever.
"""

from typing import Any

from prometheus_client import values

_slot = "master"


def current() -> str:
    return _slot


def use_slots() -> None:
    """Before the first metric is made."""
    values.ValueClass = values.MultiProcessValue(current)


def claim(number: int) -> None:
    """In the worker: goes on with the numbers of who had this place before it."""
    global _slot
    _slot = str(number)


def lowest_free(workers: Any) -> int:
    """`workers`: those that live, also those that are about to end."""
    taken = {worker.metrics_slot for worker in workers}
    return next(n for n in range(len(taken) + 1) if n not in taken)
