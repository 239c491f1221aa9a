"""
The daemon of a machine without Docker: starts the jobs of the crontab, as cron does.

One definition serves both: cron/crontab. A job runs through `cron/run` here as there,
so its lock, its time limit and its record are the same. What was due while the machine
slept starts once when it wakes.
"""

import contextlib
import ctypes
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from runner.crontab import Line, Mistakes, next_run, read_crontab
from runner.paths import HERE, CronPaths
from runner.process_tree import Interrupted, heeding_signals
from runner.tasks import all_tasks

PLACES = {
    "@BACKUP_AT@": ("BACKUP_AT", "0_3_*_*_*"),
    "@BACKUP_DRILL_AT@": ("BACKUP_DRILL_AT", "0_5_*_*_0"),
}
FIELDS = re.compile(r"[0-9*,/-]+(_[0-9A-Za-z*,/-]+){4}")
MINUTE = timedelta(minutes=1)
STOP_SECONDS = 12  # longer than a run gives its task to end
PR_SET_PDEATHSIG = 1


def fill_in(table: str, variables: Mapping[str, str]) -> str:
    """
    The crontab with the times of .env in it, as cron/entrypoint does it in Docker.

    Raises Mistakes.
    """
    for place, (name, usual) in PLACES.items():
        fields = variables.get(name) or usual
        if not FIELDS.fullmatch(fields):
            raise Mistakes(
                f"{name} is {fields!r}: five crontab fields with _ between them are "
                "needed, such as 0_3_*_*_* for three o'clock each night. Correct it in "
                ".local/env, then run: ./install_local.sh"
            )
        table = re.sub(f"^{place}", fields.replace("_", " "), table, flags=re.MULTILINE)
    return table


def lay_out(here: CronPaths, variables: Mapping[str, str]) -> None:
    """
    Writes what `run` reads: the crontab and the stack's environment. Raises Mistakes.
    """
    here.folder.mkdir(parents=True, exist_ok=True)
    here.table.write_text(fill_in((HERE / "crontab").read_text(), variables))
    here.environment.touch(mode=0o600)
    pairs = (f"{name}={value}" for name, value in variables.items())
    here.environment.write_bytes("\0".join(pairs).encode(errors="surrogateescape"))


class Daemon:
    """
    Looks each minute at what is due.

    start: called with the name of a task; the process that runs it comes back.
    """

    def __init__(self, lines: list[Line], *, start: Callable[[str], subprocess.Popen]):
        self._lines, self._start = lines, start
        self._processes: list[subprocess.Popen] = []

    def start_due(self, *, since: datetime, now: datetime) -> datetime:
        """
        Starts each task that was due after `since` and not after `now`, once. Comes
        back with the `since` of the next look.

        A clock that was put back makes no task wait for the hour to come again: `run`
        itself leaves out what has run at this time of day already.
        """
        due = {
            line.task
            for line in self._lines
            if (moment := next_run(line.fields, after=since)) and moment <= now
        }
        self._processes = [one for one in self._processes if one.poll() is None]
        self._processes += [self._start(task) for task in sorted(due)]
        return now

    def stop(self) -> None:
        """Ends what runs, with all that it has started."""
        for process in self._processes:
            process.terminate()
        deadline = time.monotonic() + STOP_SECONDS
        for process in self._processes:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(max(0.0, deadline - time.monotonic()))


def run_daemon(here: CronPaths, variables: Mapping[str, str]) -> int:
    """Until a signal ends it. Raises Mistakes."""
    zone = ZoneInfo(variables.get("TZ") or "UTC")
    lines = read_crontab(here.table, all_tasks(here.tasks))
    daemon = Daemon(lines, start=start_task)
    since = datetime.now(zone)
    try:
        with heeding_signals():
            while True:
                (here.folder / "tick").touch()
                sleep_until_the_minute(since)
                since = daemon.start_due(since=since, now=datetime.now(zone))
    except Interrupted:
        return 0
    finally:
        daemon.stop()


def sleep_until_the_minute(now: datetime) -> None:
    """By steps: a machine that sleeps, or whose clock is put, is noticed soon."""
    minute = now.astimezone(UTC).replace(second=0, microsecond=0)
    while minute <= datetime.now(UTC) < minute + MINUTE:
        time.sleep(0.5)


def start_task(name: str) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, str(HERE / "run"), name],
        env={**os.environ, "STARTED_BY": "cron"},
        stdin=subprocess.DEVNULL,
        preexec_fn=end_with_parent,
    )


def end_with_parent() -> None:
    """A daemon that is killed leaves nothing running. Linux alone knows how."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
