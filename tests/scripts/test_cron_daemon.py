"""cron/run --daemon: the same crontab on a machine without Docker."""

import json
import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from cron_container import REPOSITORY, wait_for

CRON = REPOSITORY / "cron"
sys.path.insert(0, str(CRON))
from runner.crontab import Line, Mistakes  # noqa: E402
from runner.daemon import Daemon, fill_in  # noqa: E402

PARIS = ZoneInfo("Europe/Paris")


class Started:
    """Stands for the process of a task; it ends at once or runs on."""

    def __init__(self, name, *, runs_on=False):
        self.name, self.runs_on, self.is_asked_to_end = name, runs_on, False

    def poll(self):
        return None if self.runs_on else 0

    def terminate(self):
        self.is_asked_to_end = True

    def wait(self, _seconds):
        return 0


@pytest.fixture
def started():
    return []


@pytest.fixture
def daemon(started):
    def start(name):
        started.append(Started(name, runs_on=name == "backup"))
        return started[-1]

    lines = [Line("backup", "0 3 * * *"), Line("often", "* * * * *")]
    return Daemon([*lines, Line("backup", "30 3 * * *")], start=start)


def names(started):
    return [one.name for one in started]


def test_what_is_due_in_this_minute_starts_and_nothing_else(daemon, started):
    two = datetime(2026, 11, 30, 2, 59, 59, tzinfo=PARIS)

    since = daemon.start_due(since=two, now=two + timedelta(seconds=1))
    assert names(started) == ["backup", "often"]
    daemon.start_due(since=since, now=since + timedelta(seconds=40))
    assert names(started) == ["backup", "often"]
    daemon.start_due(since=since, now=since + timedelta(minutes=1))
    assert names(started) == ["backup", "often", "often"]


def test_what_was_due_while_the_machine_slept_starts_once(daemon, started):
    evening = datetime(2026, 11, 27, 22, tzinfo=PARIS)

    daemon.start_due(since=evening, now=evening + timedelta(days=3))

    assert names(started) == ["backup", "often"]


def test_a_clock_that_is_put_back_stops_nothing(daemon, started):
    now = datetime(2026, 11, 30, 12, tzinfo=PARIS)
    earlier = now - timedelta(hours=5)

    since = daemon.start_due(since=now, now=earlier)
    daemon.start_due(since=since, now=earlier + timedelta(minutes=1))

    assert names(started) == ["often"]


def test_jobs_that_run_are_ended_with_the_daemon(daemon, started):
    three = datetime(2026, 11, 30, 3, tzinfo=PARIS)
    daemon.start_due(since=three - timedelta(seconds=1), now=three)

    daemon.stop()

    assert [one.is_asked_to_end for one in started] == [True, True]


@pytest.mark.parametrize(
    "variables", [{}, {"BACKUP_AT": "15_2_*_*_1-5", "BACKUP_DRILL_AT": "0_6_1_*_*"}]
)
def test_the_table_is_that_of_the_container(variables, tmp_path):
    script = (CRON / "entrypoint").read_text()
    copy = tmp_path / "entrypoint"
    copy.write_text(script.replace("/cron/crontab", str(CRON / "crontab")))
    theirs = subprocess.run(
        ["bash", "-c", f"source {copy}; schedule"],
        env={"PATH": os.environ["PATH"], **variables},
        capture_output=True,
        text=True,
        check=True,
    )

    assert fill_in((CRON / "crontab").read_text(), variables) == theirs.stdout


def test_fields_of_another_form_are_refused_by_their_name():
    with pytest.raises(Mistakes, match="BACKUP_AT is 'at three'"):
        fill_in("@BACKUP_AT@ app /cron/run backup", {"BACKUP_AT": "at three"})


@pytest.fixture
def running(tmp_path):
    """The daemon itself, with one task that starts each minute and runs for long."""
    tasks = tmp_path / "tasks"
    tasks.mkdir()
    for name in {path.stem for path in (CRON / "tasks").glob("[a-z]*.sh")}:
        body = "touch here; exec sleep 600" if name == "requeue_photos" else "true"
        script = f"#!/bin/bash\nTASK_NAME={name}\nTASK_DESCRIPTION=x\nTIME_LIMIT=1h\n"
        (tasks / f"{name}.sh").write_text(f"{script}{body}\n")
        (tasks / f"{name}.sh").chmod(0o755)
    process = subprocess.Popen(
        [sys.executable, str(CRON / "run"), "--daemon"],
        env={
            "PATH": os.environ["PATH"],
            "CRON_USER": "",
            "CRON_FOLDER": str(tmp_path / "cron"),
            "CRON_TABLE": str(tmp_path / "cron" / "table"),
            "CRON_TASKS": str(tasks),
            "CRON_WORKDIR": str(tmp_path),
            "JOBS_FOLDER": str(tmp_path),
            "SECRET_KEY": "of the stack",
            "ENVIRONMENT": "local",
        },
    )
    yield process
    process.kill()
    process.wait()


def sleepers(folder: Path) -> list[int]:
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        try:
            is_here = (path / "cwd").readlink() == folder
            command = (path / "cmdline").read_bytes()
        except OSError:
            continue
        if is_here and command.startswith(b"sleep"):
            found.append(int(path.name))
    return found


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_the_daemon_starts_tasks_by_itself_and_leaves_none_behind(
    running, tmp_path, number
):
    wait_for(tmp_path / "cron" / "tick")
    assert (tmp_path / "cron" / "environment").stat().st_mode & 0o077 == 0
    deadline = time.monotonic() + 120
    while not sleepers(tmp_path):
        assert time.monotonic() < deadline
        time.sleep(0.2)

    running.send_signal(number)
    running.wait(30)

    deadline = time.monotonic() + 30
    while sleepers(tmp_path):
        assert time.monotonic() < deadline
        time.sleep(0.2)
    written = tmp_path / "requeue_photos.jsonl"  # by the runner, a moment later
    wait_for(written)
    while not written.read_text().endswith("\n"):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    record = json.loads(written.read_text().splitlines()[0])
    assert (record["outcome"], record["by"]) == ("failed", "cron")
    begun = datetime.fromisoformat(record["started_at"])
    assert datetime.now(UTC) - begun < timedelta(minutes=3)
