"""A task that takes too long, is interrupted, or is killed with its runner."""

import os
import re
import signal
import subprocess
import time
from pathlib import Path

import pytest
from cron_container import wait_for

# Three ways to outlive one's parent: none helps.
BROOD = """
sleep 987 &
(setsid sleep 987 &)
nohup sh -c 'trap "" TERM; sleep 987; sleep 987' >/dev/null 2>&1 &
echo "has begun"
touch begun
sleep 987
"""


def brood(cron) -> list[int]:
    """The processes that have the test's folder as theirs."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if (folder / "cwd").readlink() == cron.app:
                found.append(int(folder.name))
        except OSError:
            continue
    return found


@pytest.fixture
def impatient(cron):
    """The runner kills after half a second what does not end by itself."""
    path = cron.root / "cron/runner/process_tree.py"
    path.write_text(
        path.read_text().replace("GRACE_SECONDS = 10", "GRACE_SECONDS = 0.5")
    )
    return cron


def test_a_task_that_takes_too_long_is_ended_with_all_it_started(impatient):
    cron = impatient
    cron.task("slow", BROOD, limit="4s")

    began = time.monotonic()
    done = cron.run("slow")

    assert 4 <= time.monotonic() - began < 60
    assert done.returncode == 124
    assert brood(cron) == []
    assert re.search(r"cron slow: TIMED OUT after \d", done.stdout)
    assert "TIME_LIMIT in cron/tasks/slow.sh sets the limit" in done.stdout
    (record,) = cron.records("slow")
    assert (record["outcome"], record["exit_status"]) == ("timed_out", 124)
    assert record["output"] == "has begun"


def test_a_task_that_is_asked_to_end_may_tidy_up_first(cron):
    cron.task("slow", "trap 'echo tidied; exit 0' TERM; sleep 987 & wait", limit="4s")

    done = cron.run("slow")

    assert done.returncode == 124
    assert "tidied\n" in done.stdout


def test_a_limit_is_counted_by_a_clock_that_nobody_sets(cron):
    fake = Path("/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1")
    if not fake.exists():
        pytest.skip("libfaketime is not installed: apt-get install libfaketime")
    cron.task("greet", "sleep 1.5", limit="1m")
    how = cron.command("greet")
    # Each look at the clock of the wall shows an hour later than the last one.
    fake_clock = {
        "LD_PRELOAD": str(fake),
        "FAKETIME": "@2026-11-21 12:00:00 i3600",
        "DONT_FAKE_MONOTONIC": "1",
    }
    words = [f"{name}={value}" for name, value in fake_clock.items()]
    how["args"][-2:-2] = ["env", *words]  # after the change of the user

    done = subprocess.run(**how, capture_output=True, timeout=60)

    assert done.returncode == 0, done.stdout + done.stderr
    (record,) = cron.records("greet")
    assert record["ended_at"] > record["started_at"]
    assert 1.4 < record["seconds"] < 60


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_who_ends_the_runner_ends_the_task_too(impatient, number):
    cron = impatient
    cron.task("slow", BROOD)
    process = subprocess.Popen(**cron.command("slow"), stdout=subprocess.PIPE)
    wait_for(cron.app / "begun")

    process.send_signal(number)
    out, _ = process.communicate(timeout=30)

    assert process.returncode == 128 + number
    assert brood(cron) == []
    assert f"FAILED with exit status {128 + number}" in out
    (record,) = cron.records("slow")
    assert record["outcome"] == "failed"
    assert record["output"].endswith(f"{number.name} ended it.")


def test_who_ends_the_runner_before_it_waits_ends_the_task_too(impatient):
    cron = impatient
    path = cron.root / "cron/runner/process_tree.py"
    slower = path.read_text().replace(
        "listener.start()", "listener.start(); time.sleep(9)"
    )
    path.write_text(slower)
    cron.task("slow", BROOD)
    process = subprocess.Popen(**cron.command("slow"), stdout=subprocess.PIPE)
    wait_for(cron.app / "begun")

    process.terminate()
    process.communicate(timeout=30)

    assert process.returncode == 128 + signal.SIGTERM
    assert brood(cron) == []


@pytest.fixture
def killed(cron):
    """A task whose runner was killed outright, as with its container."""
    cron.task("slow", "touch begun; sleep 987")
    process = subprocess.Popen(**cron.command("slow"), stdout=subprocess.DEVNULL)
    wait_for(cron.app / "begun")
    process.kill()
    process.wait()
    for pid in brood(cron):
        os.kill(pid, signal.SIGKILL)
    return cron


def test_a_run_that_was_killed_is_recorded_when_cron_starts_again(killed):
    killed.table.write_text("0 3 * * * app /cron/run slow\n")
    (killed.jobs / ".slow.jsonl.17").write_text("the part of a line")

    done = killed.run("--prepare")

    assert "These were killed with the last container: slow." in done.stdout
    (record,) = killed.records("slow")
    assert (record["outcome"], record["exit_status"]) == ("failed", 137)
    assert record["output"].startswith("It was killed in its middle")
    assert "killed" not in killed.run("--prepare").stdout
    names = {path.name for path in killed.jobs.iterdir()}
    assert names == {"schedule.json", "slow.jsonl"}


def test_a_run_that_was_killed_is_recorded_by_the_next_one(killed):
    killed.task("slow", "true")

    assert killed.run("slow").returncode == 0

    first, second = killed.records("slow")
    assert (first["outcome"], second["outcome"]) == ("failed", "ok")


def test_a_run_that_goes_on_is_not_taken_for_a_killed_one(cron):
    cron.task("long", "touch begun; while [[ ! -e end ]]; do sleep 0.05; done")
    process = subprocess.Popen(**cron.command("long"), stdout=subprocess.DEVNULL)
    wait_for(cron.app / "begun")

    assert cron.run("--prepare").returncode == 0
    (cron.app / "end").touch()
    process.wait(timeout=30)

    (record,) = cron.records("long")
    assert record["outcome"] == "ok"
