"""Ctrl-C, a closed terminal and `kill` all mean: stop in order."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager

STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def interrupt_on_signals() -> None:
    """Each of them raises KeyboardInterrupt, also where SIGINT was ignored."""
    for number in STOPPING:
        signal.signal(number, signal.default_int_handler)


@contextmanager
def undisturbed() -> Iterator[None]:
    """For the stop itself: an impatient second Ctrl-C must not leave a half of it."""
    before = {number: signal.signal(number, signal.SIG_IGN) for number in STOPPING}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
