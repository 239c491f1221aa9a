"""
The crontab, read as strictly as it should be.

Debian's cron leaves a whole file out because of one wrong line, and says so to a syslog
that a container does not have. A line that can never run it takes without a word.
"""

import re
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from runner.paths import CronPaths, site
from runner.tasks import Task, all_tasks

sys.path.append(str(site()))
from socle.operations.timetable import next_run, read_rule  # noqa: E402

SETTING = re.compile(r"[A-Z_]+ *=")
FIVE_FIELDS = re.compile(r"((?:\S+\s+){4}\S+)\s+(\S.*)")
JOB = re.compile(r"app\s+/cron/run\s+([A-Za-z0-9_]+)")
TICK = re.compile(r"app\s+touch /run/cron/tick")


@dataclass(frozen=True)
class Line:
    """Of the crontab: when a task starts."""

    task: str
    fields: str


class Mistakes(Exception):
    """Everything that is wrong, a sentence each."""


def read_crontab(table: Path, tasks: list[Task]) -> list[Line]:
    """
    The lines that run one of `tasks`. Raises Mistakes with every line that cron would
    leave out, never run, or run for nothing.
    """
    text = table.read_bytes().decode(errors="replace")  # with the \r of Windows
    lines: list[Line] = []
    mistakes: list[str] = []
    for number, words in enumerate(text.split("\n"), start=1):
        try:
            line = _read(words)
            if line:
                _check(line, tasks)
                lines.append(line)
        except ValueError as error:
            mistakes.append(f"cron/crontab, line {number} ({words.strip()}): {error}")
    named = {line.task for line in lines}
    mistakes += [sentence for task in tasks for sentence in _wrong(task, named)]
    if mistakes:
        raise Mistakes("\n".join(mistakes))
    return lines


def schedule(places: CronPaths) -> list[tuple[Task, list[str]]]:
    """Every task with the fields of its lines. May raise Mistakes."""
    tasks = all_tasks(places.tasks)
    lines = read_crontab(places.table, tasks)
    return [
        (task, [line.fields for line in lines if line.task == task.name])
        for task in tasks
    ]


def _read(words: str) -> Line | None:
    """None for a comment, a setting, an empty line and the tick of the health check."""
    if not words.strip() or words.lstrip().startswith("#") or SETTING.match(words):
        return None
    if words.endswith("\r"):
        raise ValueError("it ends as on Windows. Save the file with Unix line ends.")
    found = FIVE_FIELDS.fullmatch(words.strip())
    if not found:
        raise ValueError("five fields, a user and a command are needed.")
    fields, command = " ".join(found[1].split()), found[2]
    if next_run(fields, after=datetime.now(UTC)) is None:
        raise ValueError("there is no such day in any year, so it would never run.")
    if TICK.fullmatch(command):
        return None
    job = JOB.fullmatch(command)
    if not job:
        raise ValueError("the command is not of the form: app /cron/run TASK")
    return Line(task=job[1], fields=fields)


def _check(line: Line, tasks: list[Task]) -> None:
    if line.task not in {task.name for task in tasks}:
        names = ", ".join(task.name for task in tasks)
        raise ValueError(f"there is no cron/tasks/{line.task}.sh. There are: {names}.")


def _wrong(task: Task, named: set[str]) -> list[str]:
    """What is wrong with the file of one task."""
    found = []
    text = task.path.read_bytes()
    if b"\r\n" in text:
        found.append("it has line ends as on Windows, with which no script starts.")
    if not task.path.stat().st_mode & 0o111:
        found.append(f"it cannot be executed: chmod +x cron/tasks/{task.path.name}")
    try:
        _ = task.limit_seconds
    except ValueError as error:
        found.append(str(error))
    if task.name in named and task.says_name != task.name:
        found.append(f"TASK_NAME is {task.says_name!r}: write TASK_NAME={task.name}")
    if task.name in named and task.is_by_hand_only:
        found.append("it says BY_HAND_ONLY, and the crontab names it.")
    return [f"cron/tasks/{task.path.name}: {sentence}" for sentence in found]


def is_fixed(fields: str) -> bool:
    return read_rule(fields).is_fixed
