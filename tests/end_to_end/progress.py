"""What a person at the terminal sees: the suite takes minutes."""

import time
from collections.abc import Callable


class Terminal:
    """conftest.py puts pytest's own here."""

    reporter = None
    capture = None


def say(text: str) -> None:
    if Terminal.reporter is None:
        return
    with Terminal.capture.global_and_fixture_disabled():
        Terminal.reporter.write_line(text)


def timed(title: str, do: Callable, *arguments, **options):
    started = time.monotonic()
    try:
        return do(*arguments, **options)
    finally:
        say(f"  {title}: {time.monotonic() - started:.1f} s")
