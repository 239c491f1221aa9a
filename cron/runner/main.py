"""The command `run`."""

import argparse
import os
import sys
import time
from datetime import datetime
from zoneinfo import ZoneInfo

from runner.crontab import Line, Mistakes, read_crontab, schedule
from runner.daemon import lay_out, run_daemon
from runner.environment import become_app, read_environment, value
from runner.paths import CronPaths, places
from runner.schedule_table import last_runs, next_starts, starts_of_week
from runner.startup_checks import prepare
from runner.task_log import json_line, wants_json
from runner.task_run import TaskRun
from runner.tasks import all_tasks, find_task

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
    variables = dict(os.environ)
    try:
        if arguments.daemon:
            return _run_daemon(here)
        variables = _with_environment(here)
        if arguments.prepare:
            return _prepare(here, variables)
        if arguments.list or arguments.next_7_days or arguments.status:
            return _show(here, variables, arguments)
    except Mistakes as error:
        return _refuse(error, variables)
    task = find_task(here.tasks, arguments.task)
    assert task is not None
    return TaskRun(task, here, variables=variables, lines=_lines(here)).start()


def _read(words: list[str], here: CronPaths) -> argparse.Namespace:
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
    parser.add_argument(
        "--status", action="store_true", help="each with its last run and next start"
    )
    parser.add_argument(
        "--daemon",
        action="store_true",
        help="start each task at its time, until it is stopped; without Docker "
        "./install_local.sh runs it",
    )
    arguments = parser.parse_args(words)
    is_shown = arguments.list or arguments.next_7_days or arguments.status
    is_shown = is_shown or arguments.prepare or arguments.daemon
    if not is_shown and not find_task(here.tasks, arguments.task):
        names = " ".join(task.name for task in all_tasks(here.tasks))
        parser.exit(
            USAGE,
            f"usage: run TASK    TASK is one of: {names}\n"
            "run --list tells what each does.\n",
        )
    return arguments


def _with_environment(here: CronPaths) -> dict[str, str]:
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


def _prepare(here: CronPaths, variables: dict[str, str]) -> int:
    words = prepare(here, variables)
    as_json = wants_json(variables)
    line = json_line(words, logger="cron") if as_json else f"cron: {words}"
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
    return 0


def _run_daemon(here: CronPaths) -> int:
    lay_out(here, os.environ)
    variables = _with_environment(here)
    _prepare(here, variables)
    return run_daemon(here, variables)


def _show(
    here: CronPaths, variables: dict[str, str], arguments: argparse.Namespace
) -> int:
    now = datetime.now(ZoneInfo(variables.get("TZ") or "UTC"))
    planned = schedule(here)
    if arguments.status:
        table = last_runs(planned, folder=value(variables, "JOBS_FOLDER"), now=now)
    elif arguments.next_7_days:
        table = starts_of_week(planned, now=now)
    else:
        table = next_starts(planned, now=now)
    sys.stdout.write(f"{table}\n")
    return 0


def _refuse(error: Mistakes, variables: dict[str, str]) -> int:
    for sentence in str(error).splitlines():
        line = f"cron does not start: {sentence}"
        if wants_json(variables):
            line = json_line(line, level="error", logger="cron")
        sys.stderr.write(f"{line}\n")
    return 1


def _lines(here: CronPaths) -> list[Line]:
    """A mistake in the crontab keeps nobody from running a task by hand."""
    try:
        return read_crontab(here.table, all_tasks(here.tasks))
    except (Mistakes, OSError):
        return []
