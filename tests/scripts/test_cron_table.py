"""The crontab and its tasks: what is there, and what keeps cron from starting."""

import json
import os
import re
import stat
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from cron_container import REPOSITORY

CRON = REPOSITORY / "cron"
TASKS = sorted((CRON / "tasks").glob("[a-z]*.sh"))


@pytest.fixture
def schedule(tmp_path):
    """The crontab that the entrypoint writes for a value of BACKUP_AT, or another."""
    script = (CRON / "entrypoint").read_text()
    copy = tmp_path / "entrypoint"
    copy.write_text(script.replace("/cron/crontab", str(CRON / "crontab")))

    def write(value: str = "", *, name="BACKUP_AT") -> subprocess.CompletedProcess:
        return subprocess.run(
            ["bash", "-c", f"source {copy}; schedule"],
            env={"PATH": os.environ["PATH"], name: value},
            capture_output=True,
            text=True,
            timeout=30,
        )

    return write


@pytest.fixture
def own(schedule, tmp_path):
    """`run` with the project's own crontab and tasks."""
    table = tmp_path / "table"
    table.write_text(schedule().stdout)
    (tmp_path / "environment").write_text("ENVIRONMENT=local\0TZ=Europe/Paris")

    def run(*words: str, **variables: str) -> subprocess.CompletedProcess:
        script = "import sys; sys.path.insert(0, sys.argv.pop(1))\n"
        script += "from runner import main; main.become_app = lambda: None\n"
        script += "sys.exit(main.main(sys.argv[1:]))"
        return subprocess.run(
            [sys.executable, "-c", script, CRON, *words],
            env={"CRON_FOLDER": str(tmp_path), "CRON_TABLE": str(table)} | variables,
            capture_output=True,
            text=True,
            timeout=60,
        )

    return run


# --- the project's own ----------------------------------------------------------


def variables(path: Path) -> dict[str, str]:
    found = re.findall(r'^([A-Z_]+)="?([^"\n#]*?)"? *(?:#.*)?$', path.read_text(), re.M)
    return dict(found)


@pytest.mark.parametrize("path", TASKS, ids=lambda path: path.stem)
def test_a_task_names_and_describes_itself_and_has_a_limit(path):
    says = variables(path)

    assert says["TASK_NAME"] == path.stem
    assert re.fullmatch(r"[A-Z][^.]+ [^.]+\.", says["TASK_DESCRIPTION"])
    assert len(says["TASK_DESCRIPTION"]) <= 100
    assert re.fullmatch(r"\d+[smhd]", says["TIME_LIMIT"])


@pytest.mark.parametrize("path", TASKS, ids=lambda path: path.stem)
def test_a_task_is_in_the_crontab_or_for_hands_only(path, schedule):
    is_planned = f" app /cron/run {path.stem}\n" in schedule().stdout

    assert is_planned != ("BY_HAND_ONLY" in variables(path))


def test_what_runs_in_the_next_seven_days(own):
    done = own("--next-7-days")

    assert (done.returncode, done.stderr) == (0, "")
    listed = re.findall(r"^\w{3} (\S+) \S+ \S+  (\w+)$", done.stdout, re.M)
    often = dict(re.findall(r"^(\w+): (\d+) times", done.stdout, re.M))
    counted = Counter(name for _, name in listed)
    assert set(counted) | set(often) == {path.stem for path in TASKS}
    assert (counted["backup"], counted["drill"], counted["sweep_files"]) == (7, 1, 168)
    assert len({day for day, name in listed if name == "backup"}) == 7
    assert 10_000 < int(often["requeue_photos"]) < 10_200


def test_the_list_has_each_task_with_its_next_start_and_what_it_does(own):
    done = own("--list")

    lines = done.stdout.splitlines()
    assert len(lines) == 1 + len(TASKS)
    (backup,) = (line for line in lines if line.startswith("backup "))
    assert re.match(r"backup +0 3 \* \* \* +\w{3} \S+ 03:00 CES?T  Backs up ", backup)


def test_the_daemon_may_start_and_the_schedule_is_written_down(own, tmp_path):
    (tmp_path / "environment").write_text(f"JOBS_FOLDER={tmp_path}\0ENVIRONMENT=prod")

    done = own("--prepare")

    assert (done.returncode, done.stderr) == (0, "")
    entries = json.loads((tmp_path / "schedule.json").read_text())
    assert set(entries[0]) == {"task", "description", "fields"}
    assert {one["task"] for one in entries} == {path.stem for path in TASKS}
    said = json.loads(done.stdout)["event"]
    assert said.startswith(f"The crontab has {len(entries)} jobs, time zone")


def test_a_folder_that_cannot_be_written_does_not_keep_cron_from_starting(
    own, tmp_path
):
    (tmp_path / "environment").write_text("JOBS_FOLDER=/proc/none\0ENVIRONMENT=local")

    done = own("--prepare")

    assert done.returncode == 0
    assert "None will be on the operations page: " in done.stdout


# --- what keeps cron from starting ------------------------------------------------


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("0 3 31 2 * app /cron/run greet", "there is no such day in any year"),
        ("0 3 31 4,6 * app /cron/run greet", "there is no such day in any year"),
        ("0 3 * * * app /cron/run missing", "there is no cron/tasks/missing.sh"),
        ("0 3 * * * app /cron/run TEMPLATE", "there is no cron/tasks/TEMPLATE.sh"),
        ("60 3 * * * app /cron/run greet", "'60' is not between 0 and 59."),
        ("0 24 * * * app /cron/run greet", "'24' is not between 0 and 23."),
        ("0 3 * * fry app /cron/run greet", "what is 'fry'?"),
        ("0 3-1 * * * app /cron/run greet", "'3-1' is not between"),
        ("*/0 3 * * * app /cron/run greet", "has a step of 0"),
        ("5/15 3 * * * app /cron/run greet", "a step needs a range"),
        ("-5 3 * * * app /cron/run greet", "what is ''?"),
        ("0 3 * * app /cron/run greet", "what is 'app'?"),
        ("0 3 * * *", "five fields, a user and a command"),
        ("@daily app /cron/run greet", "five fields, a user and a command"),
        ("0 3 * * * root /cron/run greet", "not of the form: app /cron/run TASK"),
        ("0 3 * * * /cron/run greet", "not of the form: app /cron/run TASK"),
        ("0 3 * * * app /cron/run greet >x", "not of the form: app /cron/run TASK"),
        ("0 3 * * * app /cron/run greet\r", "it ends as on Windows"),
        ("0 3 1 jan-fev * app /cron/run greet", "what is 'fev'?"),
        ("@BACKUP_AT@ app /cron/run greet", "five fields, a user and a command"),
    ],
)
def test_a_wrong_line_keeps_cron_from_starting(cron, line, words):
    cron.task("greet", "echo hello")
    cron.table.write_text(
        f"# comment\n\nPATH=/bin\n0 3 * * * app /cron/run greet\n{line}\n"
    )

    done = cron.run("--prepare")

    assert done.returncode == 1
    assert re.match(r"cron does not start: cron/crontab, line 5 \(", done.stderr)
    assert words in done.stderr
    assert cron.run("--next-7-days").returncode == 1


def test_every_mistake_is_told_at_once(cron):
    cron.table.write_text("0 3 * *\n0 3 31 2 * app /cron/run greet\n")
    cron.environment(ENVIRONMENT="prod")

    done = cron.run("--prepare")

    events = [json.loads(line)["event"] for line in done.stderr.splitlines()]
    assert [re.search(r"line \d", one)[0] for one in events] == ["line 1", "line 2"]


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("TASK_NAME=greet", "TASK_NAME=other", "write TASK_NAME=greet"),
        ("TIME_LIMIT=1m", "TIME_LIMIT=soon", "TIME_LIMIT is 'soon'"),
        ("TIME_LIMIT=1m", "TIME_LIMIT=0m", "TIME_LIMIT is '0m'"),
        ("TIME_LIMIT=1m", "BY_HAND_ONLY=yes", "it says BY_HAND_ONLY"),
        ("echo", "echo\r", "line ends as on Windows"),
    ],
)
def test_a_task_with_a_mistake_keeps_cron_from_starting(cron, old, new, words):
    path = cron.task("greet", "echo")
    path.write_bytes(path.read_bytes().replace(old.encode(), new.encode()))
    cron.table.write_text("0 3 * * * app /cron/run greet\n")

    done = cron.run("--prepare")

    assert done.returncode == 1
    assert "cron does not start: cron/tasks/greet.sh: " in done.stderr
    assert words in done.stderr


def test_a_task_that_cannot_be_executed_keeps_cron_from_starting(cron):
    cron.task("greet", "echo hello").chmod(0o644)

    assert "chmod +x cron/tasks/greet.sh" in cron.run("--prepare").stderr


def test_a_time_zone_that_is_none_keeps_cron_from_starting(cron):
    cron.environment(TZ="Europe/Pariss")

    done = cron.run("--prepare")

    assert done.returncode == 1
    assert "TIME_ZONE is 'Europe/Pariss', which is no time zone" in done.stderr


def test_a_mistake_in_the_crontab_keeps_nobody_from_running_a_task_by_hand(cron):
    cron.table.write_text("0 3 31 2 * app /cron/run greet\n")
    cron.task("greet", "echo hello")

    assert cron.run("greet").returncode == 0


# --- the times of .env --------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "written"),
    [
        ("0_3_*_*_*", "0 3 * * *"),
        ("*/15_0-6_1,15_*_mon", "*/15 0-6 1,15 * mon"),
        ("", "0 3 * * *"),
    ],
)
def test_the_backup_runs_when_env_says(schedule, given, written):
    assert re.search(
        rf"^{re.escape(written)} +app /cron/run backup$", schedule(given).stdout, re.M
    )


def test_the_drill_runs_when_env_says(schedule):
    lines = schedule("30_6_*_*_6", name="BACKUP_DRILL_AT").stdout.splitlines()

    assert "30 6 * * 6  app /cron/run drill" in lines
    assert "0 3 * * *  app /cron/run backup" in lines
    assert "0 5 * * 0  app /cron/run drill" in schedule("").stdout.splitlines()


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


def test_a_refusal_is_an_object_like_all_lines_of_the_log_but_in_local(schedule):
    refused = json.loads(schedule('a"b\\').stderr)

    assert (refused["level"], refused["service"]) == ("error", "cron")
    assert refused["event"].startswith("BACKUP_AT is 'a\"b\\'")


# --- tasks ---------------------------------------------------------------------------


def test_one_copy_of_the_template_and_one_line_make_a_job(cron):
    template = CRON / "tasks" / "TEMPLATE.sh"
    assert template.stat().st_mode & stat.S_IXUSR
    copy = cron.tasks / "greet.sh"
    text = template.read_text().replace("TASK_NAME=TEMPLATE", "TASK_NAME=greet")
    copy.write_text(text.replace("exec python manage.py check", "echo checked"))
    copy.chmod(0o755)
    cron.table.write_text("0 3 * * * app /cron/run greet\n")

    assert cron.run("--prepare").returncode == 0
    assert "\nchecked\n" in cron.run("greet").stdout
    assert "10m at most" in cron.run("greet").stdout


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
        [CRON / "tasks" / "backup.sh"],
        env={"PATH": f"{tmp_path}:{os.environ['PATH']}", "FAILING": failing},
        capture_output=True,
        text=True,
    )

    assert done.stderr.splitlines() == commands
    assert done.returncode == status
