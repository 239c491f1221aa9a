"""cron/run and cron/entrypoint, as the containers run them; here without a daemon."""

import os
import re
import shutil
import stat
import subprocess
import tempfile
import time
from pathlib import Path

import pytest
import yaml

REPOSITORY = Path(__file__).resolve().parents[2]
STARTED = r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d{4} cron greet: started as uid \d+$"
NOBODY = 65534


class Cron:
    """The folders of a container, in a folder that any user may enter."""

    def __init__(self, root: Path):
        self.root = root
        self.folder, self.tasks, self.app = (
            root / name for name in ("run", "tasks", "app")
        )
        for folder in (self.folder, self.tasks, self.app):
            folder.mkdir()
        (self.folder / "environment").write_text('declare -x GREETING="a b $ c"\n')
        self.program = root / "cron-run"
        shutil.copy(REPOSITORY / "cron" / "run", self.program)
        for path in (root, *root.rglob("*")):
            path.chmod(0o777)

    def task(self, name: str, body: str) -> None:
        path = self.tasks / f"{name}.sh"
        path.write_text(f"#!/usr/bin/env bash\nset -euo pipefail\n{body}\n")
        path.chmod(0o755)

    def command(self, *words: str) -> dict:
        """As cron calls it: with next to no environment, and never as root."""
        command = [str(self.program), *words]
        if os.geteuid() == 0:
            ids = [f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
            command = ["setpriv", *ids, *command]
        return {
            "args": command,
            "env": {
                "PATH": os.environ["PATH"],
                "CRON_FOLDER": str(self.folder),
                "CRON_TASKS": str(self.tasks),
                "CRON_WORKDIR": str(self.app),
            },
            "stdin": subprocess.DEVNULL,
            "text": True,
        }

    def run(self, *words: str) -> subprocess.CompletedProcess:
        return subprocess.run(**self.command(*words), capture_output=True, timeout=60)


@pytest.fixture
def cron():
    root = Path(tempfile.mkdtemp())
    yield Cron(root)
    shutil.rmtree(root)


def wait_for(path: Path) -> None:
    deadline = time.monotonic() + 30
    while not path.exists():
        assert time.monotonic() < deadline, f"{path} did not appear"
        time.sleep(0.02)


# --- its health check, as services.yml has it ---------------------------------


@pytest.fixture
def health(tmp_path):
    services = yaml.safe_load((REPOSITORY / "services.yml").read_text())["services"]
    kind, script = services["cron"]["healthcheck"]["test"]
    assert kind == "CMD-SHELL"
    script = script.replace("$$", "$").replace("/run/cron", str(tmp_path))

    def check():
        return subprocess.run(["sh", "-c", script], capture_output=True, text=True)

    return check


def test_cron_is_well_while_it_ticks(health, tmp_path):
    assert health().returncode == 1

    (tmp_path / "tick").touch()
    done = health()

    assert (done.returncode, done.stderr) == (0, "")
    os.utime(tmp_path / "tick", (0, time.time() - 200))
    assert health().returncode == 1


def test_cron_is_unwell_once_the_newest_backup_is_too_old(health, tmp_path):
    (tmp_path / "tick").touch()
    (tmp_path / "backup-overdue").write_text(f"{int(time.time()) + 60} It is due.\n")
    assert health().returncode == 0

    (tmp_path / "backup-overdue").write_text(f"{int(time.time())} It was due.\n")
    done = health()

    assert done.returncode == 1
    assert done.stdout.splitlines()[-1] == "It was due."


# --- cron/run ----------------------------------------------------------------


def test_a_task_that_succeeds_is_logged_with_start_and_end(cron):
    cron.task("greet", "echo hello; echo oops >&2")

    done = cron.run("greet")

    lines = done.stdout.splitlines()
    assert done.returncode == 0
    assert re.match(STARTED, lines[0])
    assert lines[1] == "hello"
    assert re.search(r"cron greet: ended with exit status 0 after \d+ s$", lines[-1])


@pytest.mark.parametrize("status", [1, 124, 255])
def test_a_task_that_fails_is_logged_with_its_exit_status(cron, status):
    cron.task("greet", f"exit {status}")

    done = cron.run("greet")

    assert done.returncode == status
    assert f"cron greet: FAILED with exit status {status} after" in done.stdout


def test_a_task_that_is_killed_is_logged_as_failed(cron):
    cron.task("greet", "kill -9 $$")

    done = cron.run("greet")

    assert done.returncode == 137
    assert "FAILED with exit status 137" in done.stdout


def test_a_task_has_the_environment_of_the_stack_and_its_folder(cron):
    cron.task("greet", 'echo "$GREETING in $PWD"')

    assert f"a b $ c in {cron.app}\n" in cron.run("greet").stdout


def test_a_task_that_cannot_read_the_environment_does_not_start(cron):
    (cron.folder / "environment").unlink()
    cron.task("greet", "echo hello")

    done = cron.run("greet")

    assert done.returncode != 0
    assert "environment" in done.stderr
    assert "hello" not in done.stdout


@pytest.fixture
def running(cron):
    """A task that has begun and goes on until the file `end` exists."""
    cron.task("long", "touch begun; while [[ ! -e end ]]; do sleep 0.05; done")
    process = subprocess.Popen(**cron.command("long"), stdout=subprocess.PIPE)
    wait_for(cron.app / "begun")
    yield process
    (cron.app / "end").touch()
    process.communicate(timeout=30)


def test_a_second_start_is_left_out_while_the_first_runs(cron, running):
    done = cron.run("long")

    assert done.returncode == 75
    assert "cron long: still runs since its last start" in done.stdout
    assert "started" not in done.stdout


def test_another_task_may_run_at_the_same_time(cron, running):
    cron.task("other", "echo hello")

    assert cron.run("other").returncode == 0


def test_a_task_may_run_again_after_its_end(cron, running):
    (cron.app / "end").touch()
    out, _ = running.communicate(timeout=30)

    assert "ended with exit status 0" in out
    assert cron.run("long").returncode == 0


def test_what_a_task_leaves_behind_does_not_block_the_next_run(cron):
    cron.task(
        "leave",
        "(for _ in {1..100}; do if [[ -e end ]]; then exit; fi; sleep 0.1; done) "
        ">/dev/null 2>&1 &",
    )

    first, second = cron.run("leave"), cron.run("leave")
    (cron.app / "end").touch()

    assert (first.returncode, second.returncode) == (0, 0)


@pytest.mark.parametrize("name", [[], ["missing"], ["../tasks/greet"], ["TEMPLATE "]])
def test_a_name_that_is_no_task_gets_the_list_of_tasks(cron, name):
    cron.task("greet", "echo hello")
    cron.task("another", "echo hello")
    cron.task("TEMPLATE", "echo hello")

    done = cron.run(*name)

    assert done.returncode == 2
    assert "NAME is one of: another greet\n" in done.stderr
    assert "hello" not in done.stdout


def test_output_goes_to_the_pipe_of_the_container(cron):
    cron.task("greet", "echo hello; echo oops >&2")
    os.mkfifo(cron.folder / "output")
    (cron.folder / "output").chmod(0o622)
    pipe = os.open(cron.folder / "output", os.O_RDWR | os.O_NONBLOCK)

    done = cron.run("greet")
    written = os.read(pipe, 100_000).decode()
    os.close(pipe)

    assert done.stdout == ""
    assert "hello\noops\n" in written
    assert "ended with exit status 0" in written


# --- The crontab and its tasks -----------------------------------------------


def crontab_lines() -> list[str]:
    text = (REPOSITORY / "cron" / "crontab").read_text()
    return [line for line in text.splitlines() if re.match(r"[\d*@]", line)]


def test_every_line_of_the_crontab_runs_a_task_that_exists_as_app():
    names = set()
    for line in crontab_lines():
        job = re.search(r" app /cron/run (\w+)$", line)
        assert job or line.endswith(" app touch /run/cron/tick"), line
        names |= set(job.groups()) if job else set()

    tasks = {path.stem for path in (REPOSITORY / "cron" / "tasks").glob("*.sh")}
    assert names == tasks - {"TEMPLATE"}


@pytest.fixture
def schedule(tmp_path):
    """The crontab that the entrypoint writes for a value of BACKUP_AT, or another."""
    script = (REPOSITORY / "cron" / "entrypoint").read_text()
    place = str(REPOSITORY / "cron" / "crontab")
    copy = tmp_path / "entrypoint"
    copy.write_text(script.replace("/cron/crontab", place))

    def write(value: str, *, name="BACKUP_AT") -> subprocess.CompletedProcess:
        return subprocess.run(
            ["bash", "-c", f"source {copy}; schedule"],
            env={"PATH": os.environ["PATH"], name: value},
            capture_output=True,
            text=True,
            timeout=30,
        )

    return write


@pytest.mark.parametrize(
    ("given", "written"),
    [
        ("0_3_*_*_*", "0 3 * * *"),
        ("*/15_0-6_1,15_*_mon", "*/15 0-6 1,15 * mon"),
        ("", "0 3 * * *"),
    ],
)
def test_the_backup_runs_when_env_says(schedule, given, written):
    assert f"\n{written} app /cron/run backup\n" in schedule(given).stdout


def test_the_drill_runs_when_env_says(schedule):
    lines = schedule("30_6_*_*_6", name="BACKUP_DRILL_AT").stdout.splitlines()

    assert "30 6 * * 6 app /cron/run drill" in lines
    assert "0 3 * * * app /cron/run backup" in lines
    assert "0 5 * * 0 app /cron/run drill" in schedule("").stdout.splitlines()


def test_a_wrong_time_of_the_drill_is_refused_by_name(schedule):
    done = schedule("weekly", name="BACKUP_DRILL_AT")

    assert done.returncode == 1
    assert "BACKUP_DRILL_AT is 'weekly'" in done.stderr


@pytest.mark.parametrize("given", ["0_3_*_*", "@daily", "0_3_*_*_*_root", "3 o'clock"])
def test_a_time_that_is_none_is_refused_by_name(schedule, given):
    done = schedule(given)

    assert done.returncode == 1
    assert f"BACKUP_AT is '{given}'" in done.stderr
    assert "0_3_*_*_*" in done.stderr


def test_the_template_can_be_copied_as_it_is():
    path = REPOSITORY / "cron" / "tasks" / "TEMPLATE.sh"

    assert path.stat().st_mode & stat.S_IXUSR
    subprocess.run(["bash", "-n", path], check=True)


@pytest.mark.parametrize(
    ("failing", "status", "commands"),
    [
        ("", 0, ["backup", "prune_backups --yes"]),
        ("backup", 1, ["backup"]),
        ("prune_backups", 1, ["backup", "prune_backups --yes"]),
    ],
)
def test_only_a_good_backup_is_followed_by_a_prune(tmp_path, failing, status, commands):
    python = tmp_path / "python"
    python.write_text('#!/bin/sh\nshift; echo "$@" >&2; [ "$1" != "$FAILING" ]\n')
    python.chmod(0o755)

    done = subprocess.run(
        [REPOSITORY / "cron" / "tasks" / "backup.sh"],
        env={"PATH": f"{tmp_path}:{os.environ['PATH']}", "FAILING": failing},
        capture_output=True,
        text=True,
    )

    assert done.stderr.splitlines() == commands
    assert done.returncode == status
