"""The command `run`."""

import argparse
import os
import sys
import time
from datetime import datetime
from zoneinfo import ZoneInfo

from runner.crontab import Line, Mistakes, read_crontab, schedule
from runner.environment import become_app, read_environment
from runner.listing import next_starts, starts_of_week
from runner.places import Places, places
from runner.running import Run
from runner.starting import prepare
from runner.tasks import all_tasks, find_task
from runner.voice import json_line, wants_json

USAGE = 2
EPILOG = """\
It does what cron does: with the stack's environment, as the user app, never twice at
once, and with the same record in the log and on the operations page. In Docker:
docker compose exec cron run backup"""


def main(words: list[str]) -> int:
    become_app()
    os.umask(0o022)
    here = places()
    arguments = _read(words, here)
    variables = _with_environment(here)
    try:
        if arguments.prepare:
            return _prepare(here, variables)
        if arguments.list or arguments.next_7_days:
            return _show(here, variables, of_week=arguments.next_7_days)
    except Mistakes as error:
        return _refuse(error, variables)
    task = find_task(here.tasks, arguments.task)
    assert task is not None
    return Run(task, here, variables=variables, lines=_lines(here)).start()


def _read(words: list[str], here: Places) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="run", description="Run a task of cron/tasks now.", epilog=EPILOG
    )
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("task", nargs="?", metavar="TASK", default="")
    parser.add_argument("--list", action="store_true", help="each with its next start")
    parser.add_argument(
        "--next-7-days", action="store_true", help="every start, in order"
    )
    parser.add_argument(
        "--prepare",
        action="store_true",
        help="check the crontab and write it down for the operations page; the "
        "container does this when it starts",
    )
    arguments = parser.parse_args(words)
    is_shown = arguments.list or arguments.next_7_days or arguments.prepare
    if not is_shown and not find_task(here.tasks, arguments.task):
        names = " ".join(task.name for task in all_tasks(here.tasks))
        parser.exit(
            USAGE,
            f"usage: run TASK    TASK is one of: {names}\n"
            "run --list tells what each does.\n",
        )
    return arguments


def _with_environment(here: Places) -> dict[str, str]:
    try:
        variables = read_environment(here.environment)
    except OSError as error:
        raise SystemExit(
            f"run: the environment of the stack cannot be read: {error}. "
            "cron/entrypoint writes it when the container starts: "
            "docker compose restart cron"
        ) from None
    os.environ["TZ"] = variables.get("TZ") or "UTC"
    time.tzset()
    return variables


def _prepare(here: Places, variables: dict[str, str]) -> int:
    words = prepare(here, variables)
    as_json = wants_json(variables)
    line = json_line(words, logger="cron") if as_json else f"cron: {words}"
    sys.stdout.write(f"{line}\n")
    return 0


def _show(here: Places, variables: dict[str, str], *, of_week: bool) -> int:
    now = datetime.now(ZoneInfo(variables.get("TZ") or "UTC"))
    show = starts_of_week if of_week else next_starts
    sys.stdout.write(f"{show(schedule(here), now=now)}\n")
    return 0


def _refuse(error: Mistakes, variables: dict[str, str]) -> int:
    for sentence in str(error).splitlines():
        line = f"cron does not start: {sentence}"
        if wants_json(variables):
            line = json_line(line, level="error", logger="cron")
        sys.stderr.write(f"{line}\n")
    return 1


def _lines(here: Places) -> list[Line]:
    """A mistake in the crontab keeps nobody from running a task by hand."""
    try:
        return read_crontab(here.table, all_tasks(here.tasks))
    except (Mistakes, OSError):
        return []
