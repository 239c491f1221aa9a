"""What a person at the terminal sees: the suite takes minutes."""

import time
from collections.abc import Callable


class Terminal:
    """conftest.py puts pytest's own way to the terminal here, past its capture."""

    write_line: Callable[[str], None] | None = None


def say(text: str) -> None:
    if Terminal.write_line:
        Terminal.write_line(text)


def timed(title: str, do: Callable, *arguments, **options):
    started = time.monotonic()
    try:
        return do(*arguments, **options)
    finally:
        say(f"  {title}: {time.monotonic() - started:.1f} s")
