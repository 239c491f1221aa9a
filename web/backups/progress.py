"""Says how far long work has come, now and then."""

import time
from collections.abc import Callable

EVERY_SECONDS = 5.0


class Progress:
    """
    Hands lines to `say`: each step at once, numbers at most every few seconds.

    clock: monotonic seconds.
    """

    def __init__(
        self,
        say: Callable[[str], None] = lambda line: None,
        *,
        clock: Callable[[], float] = time.monotonic,
    ):
        self._say = say
        self._clock = clock
        self._said_at = clock()

    def say(self, line: str) -> None:
        self._said_at = self._clock()
        self._say(line)

    def moved(self, step: str, *, size_bytes: int, files: int | None = None) -> None:
        now = self._clock()
        if now - self._said_at < EVERY_SECONDS:
            return
        counted = "" if files is None else f"{counted_files(files)}, "
        self.say(f"  {step}: {counted}{readable_size(size_bytes)} so far")


def counted_files(files: int) -> str:
    return "1 file" if files == 1 else f"{files:,} files"


def readable_size(size_bytes: float) -> str:
    """'0 B', '812 B', '47.0 MB': decimal units, as disks are sold."""
    for unit in ("B", "kB", "MB", "GB"):
        if size_bytes < 999.95:
            return f"{size_bytes:.0f} B" if unit == "B" else f"{size_bytes:.1f} {unit}"
        size_bytes /= 1000
    return f"{size_bytes:,.1f} TB"


def readable_age(seconds: float) -> str:
    """'2 min', '7 h', '12 days': the largest unit that says enough."""
    minutes = max(0, int(seconds // 60))
    if minutes < 120:
        return f"{minutes} min"
    if minutes < 48 * 60:
        return f"{minutes // 60} h"
    return f"{minutes // (24 * 60):,} days"
