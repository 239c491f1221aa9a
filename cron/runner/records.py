"""What is known of each run: a line of JSON, for the operations page."""

import contextlib
import fcntl
import json
import os
import re
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

KEPT_RUNS = 50
KEPT_CHARACTERS = 4000
COLOUR = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")


@dataclass(frozen=True)
class RunRecord:
    task: str
    description: str
    started_at: str
    ended_at: str
    seconds: float
    exit_status: int
    outcome: str
    """ok, failed, skipped or timed_out"""
    output: str
    by: str = "cron"
    """cron or hand"""


def now_words() -> str:
    """With the offset: on one night of the year an hour comes twice."""
    return datetime.now().astimezone().isoformat(timespec="seconds")


class Records:
    """The lines of one task. Without a folder nothing is kept."""

    def __init__(self, folder: str, task: str, *, locks: Path):
        self._folder = Path(folder) if folder else None
        self._task = task
        self._lock = locks / f"{task}.records.lock"

    def add(self, record: RunRecord) -> None:
        """Raises OSError where it cannot be written; the old lines stay then."""
        if self._folder is None:
            return
        line = json.dumps(asdict(record), ensure_ascii=False)
        with self._lock.open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            lines = [*self._lines()[-(KEPT_RUNS - 1) :], line]
            write_whole(self._path, "\n".join(lines) + "\n")

    def last(self) -> tuple[str, datetime] | None:
        """The outcome and the beginning of the last run that was not left out."""
        for line in reversed(self._lines()):
            with contextlib.suppress(ValueError, KeyError, TypeError):
                run = json.loads(line)
                if run["outcome"] != "skipped":
                    return run["outcome"], datetime.fromisoformat(run["started_at"])
        return None

    def started_by_cron(self) -> list[datetime]:
        """When it really began, as far as the lines tell."""
        found = []
        for line in self._lines():
            with contextlib.suppress(ValueError, KeyError, TypeError):
                run = json.loads(line)
                if run["by"] == "cron" and run["outcome"] != "skipped":
                    found.append(datetime.fromisoformat(run["started_at"]))
        return [moment for moment in found if moment.tzinfo]

    def begin(self, record: RunRecord) -> None:
        """Left behind by a run that is killed. Raises OSError."""
        if self._folder is not None:
            write_whole(self._marker, json.dumps(asdict(record)))

    def end(self) -> None:
        if self._folder is not None:
            self._marker.unlink(missing_ok=True)

    def close_killed(self) -> bool:
        """
        Records a run that could not do so itself. To be called while the task's lock
        is held: only then nobody runs who has left the marker. Raises OSError.
        """
        if self._folder is None or not self._marker.exists():
            return False
        with contextlib.suppress(ValueError, TypeError):
            self.add(_killed(json.loads(self._marker.read_text(errors="replace"))))
        self._marker.unlink(missing_ok=True)
        return True

    @property
    def _path(self) -> Path:
        assert self._folder is not None
        return self._folder / f"{self._task}.jsonl"

    @property
    def _marker(self) -> Path:
        assert self._folder is not None
        return self._folder / f"{self._task}.running"

    def _lines(self) -> list[str]:
        if self._folder is None:
            return []
        with contextlib.suppress(FileNotFoundError):
            text = self._path.read_text(errors="replace")
            return [line for line in text.split("\n") if line.strip()]
        return []


def _killed(begun: dict) -> RunRecord:
    begun = begun | {
        "ended_at": now_words(),
        "exit_status": 137,
        "outcome": "failed",
        "output": "It was killed in its middle, or its container was. "
        "The log of cron tells what it said until then.",
    }
    start = datetime.fromisoformat(begun["started_at"])
    begun["seconds"] = max(0, round((datetime.now(UTC) - start).total_seconds()))
    return RunRecord(**begun)


def write_whole(path: Path, text: str) -> None:
    """A reader sees the old text or the new one, and never a part."""
    part = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        part.write_text(text, errors="replace")
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


class Tail:
    """The end of an output, bounded however long it is."""

    def __init__(self) -> None:
        self._text = ""
        self._is_cut = False

    def add(self, line: str) -> None:
        self._text += f"{COLOUR.sub('', line)}\n"
        if len(self._text) > KEPT_CHARACTERS:
            self._text = self._text[-KEPT_CHARACTERS:]
            self._is_cut = True

    def __str__(self) -> str:
        text = self._text.rstrip("\n")
        return f"…{text[1:]}" if self._is_cut else text
