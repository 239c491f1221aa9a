"""Says how far long work has come: bytes, files, rate and time left."""

import time
from collections.abc import Callable

from django.utils.translation import ngettext

LINE_SECONDS = 10.0  # where lines pile up: a log, a file
REWRITE_SECONDS = 0.2  # where one line is written anew: a terminal
HEARD_SECONDS = 1.0
RATE_SECONDS = 1.0  # a rate measured over less says nothing


class Progress:
    """
    Hands lines to `say`: each step at once, numbers every ten seconds.

    rewrite: instead of that, takes each line of numbers in the place of the one
        before; "" takes it away.
    heard: is told the same words, at most once a second.
    clock: monotonic seconds.
    """

    def __init__(
        self,
        say: Callable[[str], None] = lambda line: None,
        *,
        rewrite: Callable[[str], None] | None = None,
        heard: Callable[[str], None] = lambda line: None,
        clock: Callable[[], float] = time.monotonic,
    ):
        self._say = say
        self._rewrite = rewrite
        self._heard = heard
        self._clock = clock
        self._said_at = self._heard_at = clock()
        self._step = ""
        self._step_began = clock()
        self._expected: dict[str, tuple[int | None, int | None]] = {}
        self.warnings: list[str] = []
        """For the end: what a person should know although the work succeeded."""

    def expect(
        self, step: str, *, total_bytes: int | None, total_files: int | None = None
    ) -> None:
        """What a later `step` will come to, where its own code cannot know it."""
        self._expected[step] = (total_bytes, total_files)

    def say(self, line: str) -> None:
        now = self._said_at = self._heard_at = self._step_began = self._clock()
        self._step = ""
        if self._rewrite:
            self._rewrite("")
        self._say(line)
        self._hear(line, now=now)

    def warn(self, words: str) -> None:
        if words not in self.warnings:
            self.warnings.append(words)

    def moved(
        self,
        step: str,
        *,
        size_bytes: int,
        files: int | None = None,
        total_bytes: int | None = None,
        total_files: int | None = None,
    ) -> None:
        """
        So much of `step` is done, counted from its beginning.

        total_bytes, total_files: of the whole step where they are known or can be
        guessed, as from the last backup; else what `expect` said.
        """
        now = self._clock()
        if total_bytes is None and total_files is None:
            total_bytes, total_files = self._expected.get(step, (None, None))
        if step != self._step:
            self._step, self._step_began = step, now
        say = now - self._said_at >= (
            REWRITE_SECONDS if self._rewrite else LINE_SECONDS
        )
        hear = now - self._heard_at >= HEARD_SECONDS
        if not (say or hear):
            return
        counted = amounts(
            size_bytes, files, total_bytes=total_bytes, total_files=total_files
        )
        speed = pace(
            size_bytes,
            seconds=now - self._step_began,
            done=share(size_bytes, files, total_bytes, total_files),
        )
        line = f"{step}: {', '.join([counted, *speed])}"
        if hear:
            self._hear(line, now=now)
        if say:
            self._said_at = now
            (self._rewrite or self._say)(f"  {line}")

    def _hear(self, line: str, *, now: float) -> None:
        self._heard_at = now
        self._heard(line)


def amounts(
    size_bytes: int,
    files: int | None,
    *,
    total_bytes: int | None,
    total_files: int | None,
) -> str:
    """'1,204 of 5,000 files, 240.0 MB of 1.0 GB', or '240.0 MB so far'."""
    known = total_bytes is not None and total_bytes >= size_bytes
    size = readable_size(size_bytes)
    if known:
        size += f" of {readable_size(total_bytes or 0)}"
    if files is None:
        return size if known else f"{size} so far"
    if total_files is not None and total_files >= files:
        return f"{files:,} of {counted_files(total_files)}, {size}"
    return f"{counted_files(files)}, {size}" + ("" if known else " so far")


def share(
    size_bytes: int,
    files: int | None,
    total_bytes: int | None,
    total_files: int | None,
) -> float:
    """
    Which part of the work is done, 0 for unknown. Small files cost by their number,
    large ones by their bytes: the slower of the two counts.
    """
    shares = []
    if total_bytes:
        shares.append(size_bytes / total_bytes)
    if total_files and files is not None:
        shares.append(files / total_files)
    lowest = min(shares, default=0.0)
    return lowest if lowest <= 1 else 0.0  # more than was expected: it was a guess


def pace(size_bytes: int, *, seconds: float, done: float) -> list[str]:
    """['52.0 MB/s', 'about 15 s left'], each as soon as it can be said."""
    if seconds < RATE_SECONDS:
        return []
    words = [f"{readable_size(size_bytes / seconds)}/s"]
    if done > 0:
        left = seconds * (1 - done) / done
        words.append(f"about {readable_duration(left)} left")
    return words


def counted(number: int, thing: str) -> str:
    return f"1 {thing}" if number == 1 else f"{number:,} {thing}s"


def counted_files(files: int) -> str:
    return counted(files, "file")


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
    days = minutes // (24 * 60)
    return ngettext("%(days)s day", "%(days)s days", days) % {"days": f"{days:,}"}


def readable_duration(seconds: float) -> str:
    """'0.4 s', '8 s', '2 min 5 s', '3 h 20 min'; whatever took time is not 0."""
    if 0 < seconds < 0.95:
        return f"{max(seconds, 0.1):.1f} s"
    whole = max(0, round(seconds))
    if whole < 60:
        return f"{whole} s"
    minutes, seconds = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes} min {seconds} s" if seconds else f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if minutes else f"{hours} h"
