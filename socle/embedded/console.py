"""What a person sees of a run: one line a step, with its time. As in scripts/lib.sh."""

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

COLOURS = {"bold": "1", "dim": "2", "red": "31", "green": "32"}


def paint(text: str, colour: str) -> str:
    if not sys.stderr.isatty() or os.environ.get("NO_COLOR"):
        return text
    return f"\x1b[{COLOURS[colour]}m{text}\x1b[0m"


def say(text: str = "") -> None:
    print(text, file=sys.stderr, flush=True)  # noqa: T201


@contextmanager
def step(title: str) -> Iterator[None]:
    started = time.monotonic()
    try:
        yield
    except BaseException:
        say(f"  {paint('failed', 'red')}  {title}")
        raise
    seconds = f"{time.monotonic() - started:.1f} s"
    say(f"  {paint('ok', 'green')}  {title:<52} {paint(seconds, 'dim')}")
