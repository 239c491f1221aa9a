"""What has to hold before the daemon starts."""

import fcntl
import json
import os
from pathlib import Path
from zoneinfo import ZoneInfo

from runner.crontab import Mistakes, schedule
from runner.environment import value
from runner.paths import CronPaths
from runner.records import Records, write_whole
from runner.tasks import Task


def prepare(places: CronPaths, variables: dict[str, str]) -> str:
    """
    Checks the crontab, writes it down for the operations page and closes the records
    of runs that ended with the container. What the log shall say of it is returned.

    Raises Mistakes. A folder that cannot be written is said and hinders nothing.
    """
    _check_zone(variables)
    tasks = schedule(places)
    starts = sum(len(fields) for _, fields in tasks)
    words = f"The crontab has {starts} jobs, time zone {variables.get('TZ') or 'UTC'}."
    folder = value(variables, "JOBS_FOLDER")
    if not folder:
        return words
    try:
        for part in Path(folder).glob(".*.*"):  # of a write that was killed
            part.unlink()
        write_whole(Path(folder) / "schedule.json", _as_json(tasks))
        killed = [task.name for task, _ in tasks if _close(task, folder, places)]
    except OSError as error:
        return f"{words} None will be on the operations page: {error}"
    if killed:
        words += f" These were killed with the last container: {', '.join(killed)}."
    return words


def _check_zone(variables: dict[str, str]) -> None:
    """The C library takes a name that it does not know for UTC, without a word."""
    name = variables.get("TZ") or "UTC"
    try:
        ZoneInfo(name)
    except (OSError, ValueError, LookupError):
        raise Mistakes(
            f"TIME_ZONE is {name!r}, which is no time zone. Correct it in .env, for "
            "example: TIME_ZONE=Europe/Paris"
        ) from None


def _as_json(tasks: list[tuple[Task, list[str]]]) -> str:
    entries = [
        {"task": task.name, "description": task.description, "fields": fields}
        for task, lines in tasks
        for fields in lines or [""]
    ]
    return json.dumps(entries, ensure_ascii=False, indent=1)


def _close(task: Task, folder: str, places: CronPaths) -> bool:
    """True for a task whose last run was killed."""
    handle = os.open(places.lock(task.name), os.O_WRONLY | os.O_CREAT, 0o666)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return Records(folder, task.name, locks=places.folder).close_killed()
    except BlockingIOError:
        return False
    finally:
        os.close(handle)
