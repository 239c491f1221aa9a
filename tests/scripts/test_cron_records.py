"""What is written down of each run, and what never is."""

import json
import re
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import pytest
from cron_container import REPOSITORY

sys.path.append(str(REPOSITORY / "cron"))
from runner.records import Records, RunRecord  # noqa: E402

KEYS = [
    "task",
    "description",
    "started_at",
    "ended_at",
    "seconds",
    "exit_status",
    "outcome",
    "output",
    "by",
]


@pytest.mark.parametrize(
    ("body", "outcome", "status"), [("echo hello", "ok", 0), ("exit 7", "failed", 7)]
)
@pytest.mark.parametrize("by", ["cron", "hand"])
def test_a_run_leaves_a_record(cron, body, outcome, status, by):
    cron.environment(TZ="Europe/Paris")
    cron.task("greet", body)

    cron.run("greet", by=by)

    (record,) = cron.records("greet")
    assert list(record) == KEYS
    assert (record["task"], record["description"]) == ("greet", "Does greet.")
    assert (record["outcome"], record["exit_status"]) == (outcome, status)
    assert record["output"] == ("hello" if outcome == "ok" else "")
    assert record["by"] == by
    assert 0 <= record["seconds"] < 10
    began, ended = (
        datetime.fromisoformat(record[name]) for name in ("started_at", "ended_at")
    )
    assert began <= ended
    assert re.search(r"\+0[12]:00$", record["started_at"])
    assert [path.name for path in cron.jobs.iterdir()] == ["greet.jsonl"]


def test_the_last_fifty_runs_are_kept_and_the_end_of_their_output(cron):
    cron.task("greet", "for n in {1..2000}; do echo line $n; done")
    (cron.jobs / "greet.jsonl").write_text('{"old": 1}\n' * 80)

    cron.run("greet")

    lines = (cron.jobs / "greet.jsonl").read_text().splitlines()
    assert len(lines) == 50
    output = json.loads(lines[-1])["output"]
    assert len(output) <= 4000
    assert output.startswith("…")
    assert output.endswith("line 1999\nline 2000")


def test_what_is_no_text_and_has_no_end_is_recorded_too(cron):
    cron.task(
        "greet", r"printf 'caf\xe9 \0 \e[1;31m'; head -c 300000 /dev/zero | tr '\0' x"
    )

    assert cron.run("greet").returncode == 0

    (record,) = cron.records("greet")
    assert record["output"].endswith("xxx")
    assert "\x1b" not in record["output"]


def test_runs_of_one_moment_are_all_recorded(cron):
    cron.task("long", "while [[ ! -e end ]]; do sleep 0.05; done")

    many = [subprocess.Popen(**cron.command("long")) for _ in range(6)]
    ends_at = time.monotonic() + 30
    while [one.poll() for one in many].count(None) > 1 and time.monotonic() < ends_at:
        time.sleep(0.02)
    (cron.app / "end").touch()
    statuses = sorted(one.wait(timeout=60) for one in many)

    assert statuses == [0, 75, 75, 75, 75, 75]
    outcomes = sorted(record["outcome"] for record in cron.records("long"))
    assert outcomes == ["ok", *["skipped"] * 5]


def test_no_record_is_lost_when_many_are_added_at_once(tmp_path):
    records = Records(str(tmp_path), "greet", locks=tmp_path)
    record = RunRecord("greet", "", "", "", 0, 0, "ok", "")

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(records.add, [record] * 40))

    assert len((tmp_path / "greet.jsonl").read_text().splitlines()) == 40


@pytest.mark.parametrize("folder", ["/proc/none", ""])
def test_a_task_runs_also_where_nothing_can_be_recorded(cron, folder):
    cron.environment(JOBS_FOLDER=folder)
    cron.task("greet", "echo hello")

    done = cron.run("greet")

    assert done.returncode == 0
    assert ("is not on the operations page" in done.stdout) == bool(folder)


# --- secrets ------------------------------------------------------------------------

SECRETS = {
    "SECRET_KEY": "key-of-the-site",
    "POSTGRES_PASSWORD": "pa.ss*wo(rd",
    "BACKUP_ENCRYPTION_KEY": "AGE-SECRET-KEY-1AAA,AGE-SECRET-KEY-1BBB",
    "EMAIL_URL": "smtp+tls://robot:p%40ssword@mail.example.com:587",
    "REDIS_URL": "redis://:of-redis-itself@redis:6379",
    "BACKUP_PING_URL": "https://ping.example.com/its-path-is-the-secret",
    "SENTRY_DSN": "",
}
LEAKS = """
echo "the key-of-the-site and pa.ss*wo(rd"
echo "one AGE-SECRET-KEY-1BBB alone"
echo "mail with p@ssword or p%40ssword" >&2
echo "redis://:of-redis-itself@redis:6379/0"
echo "asked https://ping.example.com/its-path-is-the-secret/start"
echo "somebody@example.com was here"
"""
HIDDEN = [
    "the [hidden] and [hidden]",
    "one [hidden] alone",
    "mail with [hidden] or [hidden]",
    "redis://:[hidden]@redis:6379/0",
    "asked [hidden]/start",
    "[address] was here",
]


@pytest.mark.parametrize("as_files", [False, True])
def test_no_secret_and_no_address_is_shown_or_recorded(cron, as_files, tmp_path):
    for name, value in SECRETS.items():
        if as_files:
            (cron.root / name).write_text(f"{value}\n")
            (cron.root / name).chmod(0o444)
            cron.environment(**{f"{name}_FILE": str(cron.root / name)})
        else:
            cron.environment(**{name: value})
    cron.task("leak", LEAKS)

    with cron.log() as lines:
        done = cron.run("leak")

    (record,) = cron.records("leak")
    assert record["output"].splitlines() == HIDDEN
    assert done.stdout.splitlines()[1:-1] == HIDDEN
    assert lines[1:-1] == [f"leak | {line}" for line in HIDDEN]


def test_secrets_as_files_are_named_in_the_environment_and_not_held(cron):
    (cron.root / "key").write_text("the-value-itself")
    (cron.root / "key").chmod(0o444)
    cron.environment(SECRET_KEY_FILE=str(cron.root / "key"))
    cron.task("greet", 'echo "${SECRET_KEY:-none}"; cat "$SECRET_KEY_FILE" | wc -c')

    done = cron.run("greet")

    assert done.stdout.splitlines()[1:-1] == ["none", "16"]
    assert b"the-value-itself" not in (cron.folder / "environment").read_bytes()


def test_words_that_are_no_secret_are_left_alone(cron):
    cron.environment(
        POSTGRES_PASSWORD="",
        WEB_PASSWORD="abc",
        POSTGRES_USER="visitors",
        GOOGLE_APPLICATION_CREDENTIALS="/secrets/key.json",
    )
    cron.task("greet", "echo abc visitors /secrets/key.json a@b photo@2x.")

    assert (
        "\nabc visitors /secrets/key.json a@b photo@2x.\n" in cron.run("greet").stdout
    )
