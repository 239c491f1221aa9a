"""A container of cron in a folder: the runner, tasks of a test's own, no daemon."""

import json
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

REPOSITORY = Path(__file__).resolve().parents[2]
NOBODY = 65534
END = "the end of the log"
TASK = """#!/usr/bin/env bash
set -euo pipefail
TASK_NAME={name}
TASK_DESCRIPTION="Does {name}."
TIME_LIMIT={limit}
{body}
"""


class Cron:
    """The folders of a container, in a folder that any user may enter."""

    def __init__(self, root: Path):
        self.root = root
        self.folder, self.app, self.jobs = (
            root / name for name in ("run", "app", "jobs")
        )
        for folder in (self.folder, self.app / "socle/operations", self.jobs):
            folder.mkdir(parents=True)
        shutil.copytree(
            REPOSITORY / "cron",
            root / "cron",
            ignore=shutil.ignore_patterns("tasks", "__pycache__"),
        )
        timetable = Path("socle/operations/timetable.py")
        shutil.copy(REPOSITORY / timetable, self.app / timetable)
        self.tasks = root / "cron" / "tasks"
        self.tasks.mkdir()
        self.table = root / "table"
        self.table.write_text("")
        self.packages = ""
        self.variables: dict[str, str] = {}
        self.environment(
            GREETING="a b $ c", ENVIRONMENT="local", JOBS_FOLDER=str(self.jobs)
        )
        for path in (root, *root.rglob("*")):
            path.chmod(0o777)

    def environment(self, **variables: str) -> None:
        """Adds to what the entrypoint has kept of the stack's environment."""
        self.variables |= variables
        text = "\0".join(f"{name}={value}" for name, value in self.variables.items())
        (self.folder / "environment").write_text(text)

    def task(self, name: str, body: str, *, limit="1m") -> Path:
        path = self.tasks / f"{name}.sh"
        path.write_text(TASK.format(name=name, limit=limit, body=body))
        path.chmod(0o755)
        return path

    def command(self, *words: str, by="hand") -> dict:
        """As cron calls it: with next to no environment, and never as root."""
        command = [str(self.root / "cron" / "run"), *words]
        if os.geteuid() == 0:
            ids = [f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
            command = ["setpriv", *ids, *command]
        return {
            "args": command,
            "env": {
                "PATH": os.environ["PATH"],
                "PYTHONPATH": self.packages,
                "STARTED_BY": by,
                "CRON_FOLDER": str(self.folder),
                "CRON_TABLE": str(self.table),
            },
            "stdin": subprocess.DEVNULL,
            "text": True,
        }

    def run(self, *words: str, by="hand") -> subprocess.CompletedProcess:
        how = self.command(*words, by=by)
        return subprocess.run(**how, capture_output=True, timeout=60)

    def records(self, name: str) -> list[dict]:
        """The oldest first."""
        lines = (self.jobs / f"{name}.jsonl").read_text().splitlines()
        return [json.loads(line) for line in lines]

    @contextmanager
    def log(self) -> Iterator[list[str]]:
        """What the container's log shows, complete when the block has ended."""
        path = self.folder / "output"
        os.mkfifo(path)
        path.chmod(0o622)
        own_end = os.open(path, os.O_RDWR)  # as the entrypoint has it: never at an end
        lines: list[str] = []
        reader = Thread(target=read_until_end, args=(path, lines))
        reader.start()
        try:
            yield lines
        finally:
            os.write(own_end, f"{END}\n".encode())
            reader.join(10)
            os.close(own_end)


def read_until_end(path: Path, lines: list[str]) -> None:
    with path.open() as pipe:
        for line in pipe:
            if line.rstrip("\n") == END:
                return
            lines.append(line.rstrip("\n"))


@contextmanager
def container() -> Iterator[Cron]:
    root = Path(tempfile.mkdtemp())
    try:
        yield Cron(root)
    finally:
        shutil.rmtree(root)


def wait_for(path: Path) -> None:
    deadline = time.monotonic() + 30
    while not path.exists():
        assert time.monotonic() < deadline, f"{path} did not appear"
        time.sleep(0.02)
