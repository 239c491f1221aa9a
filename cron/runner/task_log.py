"""Where words go: to the container's log, and to who started a task by hand."""

import contextlib
import fcntl
import json
import os
import select
import sys
from datetime import UTC, datetime
from pathlib import Path

from runner.redaction import Hiding

PATIENCE_SECONDS = 10  # with whoever reads the log


def wants_json(variables: dict[str, str]) -> bool:
    is_local = variables.get("ENVIRONMENT") == "local"
    return (variables.get("LOG_FORMAT") or ("text" if is_local else "json")) == "json"


def json_line(event: str, *, level: str = "info", **more: str) -> str:
    """As every service of the stack writes one."""
    now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    words = {"time": now, "level": level, "service": "cron", "event": event, **more}
    return json.dumps(words, ensure_ascii=False)


class Voice:
    """Says what happens with one task. Nothing secret passes it."""

    def __init__(
        self, task: str, *, run_id: str, hide: Hiding, as_json: bool, by_hand: bool
    ):
        self._task, self._run_id, self._hide = task, run_id, hide
        self._as_json = as_json
        self._log: int | None = None
        self._by_hand = self._terminal = by_hand

    def open_log(self, pipe: Path) -> None:
        """Where nobody reads the pipe, everything goes to this process' own output."""
        try:
            self._log = os.open(pipe, os.O_WRONLY | os.O_NONBLOCK)
        except OSError:
            self._terminal = True

    def say(self, sentence: str, *, level: str = "info") -> None:
        """What the runner itself has to tell."""
        sentence = self._hide(sentence)
        stamp = datetime.now().astimezone().strftime("%Y-%m-%dT%H:%M:%S%z")
        text = f"{stamp} cron {self._task}: {sentence}"
        more = {"request_id": self._run_id, "logger": "cron", "task": self._task}
        self._write(text, json_line(sentence, level=level, **more), text)

    def output(self, line: str) -> str:
        """A line that the task has written. Returned as it may be recorded."""
        line = self._hide(line)
        self._write(f"{self._task} | {line}", self._as_object(line), line)
        return line

    def _as_object(self, line: str) -> str:
        """What the site logs as JSON keeps its own level, logger and request id."""
        more = {"request_id": self._run_id, "logger": "cron.task", "task": self._task}
        if line.startswith("{"):
            with contextlib.suppress(ValueError):
                own = json.loads(line)
                if "event" in own and "level" in own:
                    own["request_id"] = own.get("request_id") or self._run_id
                    own |= {"service": "cron", "task": self._task}
                    return json.dumps(own, ensure_ascii=False)
        return json_line(line, **more)

    def _write(self, text: str, object_: str, plain: str) -> None:
        if self._log is not None:
            line = object_ if self._as_json else text
            if not _write_whole(self._log, line):
                self._log = None
        if self._terminal:
            as_json = self._as_json and not self._by_hand
            with contextlib.suppress(OSError):
                words = plain if self._by_hand else text
                sys.stdout.write(f"{object_ if as_json else words}\n")
                sys.stdout.flush()


def _write_whole(pipe: int, line: str) -> bool:
    """
    False where nobody reads any more: no task waits for the log for ever.

    Tasks share the pipe: a long line of one must not be torn by another's.
    """
    rest = f"{line}\n".encode(errors="replace")
    fcntl.flock(pipe, fcntl.LOCK_EX)
    try:
        while rest and select.select([], [pipe], [], PATIENCE_SECONDS)[1]:
            rest = rest[os.write(pipe, rest) :]
    except OSError:
        return False
    finally:
        fcntl.flock(pipe, fcntl.LOCK_UN)
    return not rest
