"""cron/run, as the container has it; here without a daemon."""

import json
import os
import re
import subprocess
import time

import pytest
import yaml
from cron_container import REPOSITORY, wait_for

STARTED = r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d{4} cron greet: started by hand, "


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


# --- a task -------------------------------------------------------------------


def test_a_task_that_succeeds_is_logged_with_start_and_end(cron):
    cron.task("greet", "echo hello; echo oops >&2")

    done = cron.run("greet")

    lines = done.stdout.splitlines()
    assert done.returncode == 0
    assert re.match(STARTED, lines[0])
    assert lines[1:3] == ["hello", "oops"]
    assert re.search(r"cron greet: ended with exit status 0 after \S+ s$", lines[-1])


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


def test_a_task_that_cannot_start_says_why(cron):
    cron.task("greet", "").write_text("#!/no/such/shell\n")

    done = cron.run("greet")

    assert done.returncode == 126
    assert "It cannot be started: " in done.stdout


def test_a_task_has_the_environment_of_the_stack_and_its_folder(cron):
    cron.task("greet", 'echo "$GREETING in $PWD"')

    assert f"a b $ c in {cron.app}\n" in cron.run("greet").stdout


def test_a_task_that_cannot_read_the_environment_does_not_start(cron):
    (cron.folder / "environment").unlink()
    cron.task("greet", "echo hello")

    done = cron.run("greet")

    assert done.returncode == 1
    assert "the environment of the stack cannot be read" in done.stderr
    assert "hello" not in done.stdout


@pytest.mark.parametrize("name", [[], ["missing"], ["../tasks/greet"], ["TEMPLATE "]])
def test_a_name_that_is_no_task_gets_the_list_of_tasks(cron, name):
    cron.task("greet", "echo hello")
    cron.task("another", "echo hello")
    cron.task("TEMPLATE", "echo hello")

    done = cron.run(*name)

    assert done.returncode == 2
    assert "TASK is one of: another greet\n" in done.stderr
    assert "hello" not in done.stdout


# --- once at a time -------------------------------------------------------------


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
    assert "cron long: it still runs since its last start" in done.stdout
    assert "started" not in done.stdout
    (skipped,) = cron.records("long")
    assert (skipped["outcome"], skipped["exit_status"]) == ("skipped", 75)
    assert skipped["output"].startswith("It still runs since its last start")


def test_another_task_may_run_at_the_same_time(cron, running):
    cron.task("other", "echo hello")

    assert cron.run("other").returncode == 0


def test_a_task_may_run_again_after_its_end(cron, running):
    (cron.app / "end").touch()
    out, _ = running.communicate(timeout=30)

    assert "ended with exit status 0" in out
    assert cron.run("long").returncode == 0


@pytest.mark.parametrize("where", [">/dev/null 2>&1", ""])
def test_what_a_task_leaves_behind_does_not_block_the_next_run(cron, where):
    cron.task(
        "leave",
        "(for _ in {1..600}; do if [[ -e end ]]; then exit; fi; sleep 0.1; done) "
        f"{where} &",
    )

    began = time.monotonic()
    first, second = cron.run("leave"), cron.run("leave")
    took = time.monotonic() - began
    (cron.app / "end").touch()

    assert (first.returncode, second.returncode) == (0, 0)
    assert took < 50


# --- where its words go -----------------------------------------------------------


def entries(lines: list[str]) -> list[tuple[str, str, str]]:
    found = [json.loads(line) for line in lines]
    assert {(one["service"], one["task"]) for one in found} == {("cron", "greet")}
    assert len({one["request_id"] for one in found}) == 1
    return [(one["level"], one["logger"], one["event"]) for one in found]


def test_in_local_the_log_is_text(cron):
    cron.task("greet", "echo hello")

    with cron.log() as lines:
        done = cron.run("greet", by="cron")

    assert done.stdout == ""
    assert "cron greet: started by cron" in lines[0]
    assert lines[1] == "greet | hello"
    assert "cron greet: ended with exit status 0" in lines[2]


@pytest.mark.parametrize(
    "variables",
    [{"ENVIRONMENT": "prod"}, {"LOG_FORMAT": "json"}],
)
def test_elsewhere_the_log_has_an_object_for_each_line(cron, variables):
    cron.environment(**variables)
    cron.task("greet", 'echo hello; echo \'  {"a": "b\' >&2; exit 3')

    with cron.log() as lines:
        done = cron.run("greet", by="cron")

    assert done.stdout == ""
    started, *said, failed = entries(lines)
    assert started[:2] == ("info", "cron")
    assert said == [
        ("info", "cron.task", "hello"),
        ("info", "cron.task", '  {"a": "b'),
    ]
    assert failed[0] == "error"
    assert failed[2].startswith("FAILED with exit status 3")
    when = json.loads(lines[0])["time"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", when)


def test_what_the_site_logs_as_json_stays_one_object(cron):
    cron.environment(ENVIRONMENT="prod")
    own = {"level": "warning", "event": "Slow.", "logger": "backups", "service": "web"}
    cron.task("greet", f"echo '{json.dumps(own)}'; echo '{{\"a\": 1}}'")

    with cron.log() as lines:
        cron.run("greet", by="cron")

    assert entries(lines)[1:3] == [
        ("warning", "backups", "Slow."),
        ("info", "cron.task", '{"a": 1}'),
    ]


def test_by_hand_it_is_text_on_the_terminal_and_also_in_the_log(cron):
    cron.environment(ENVIRONMENT="prod")
    cron.task("greet", "echo hello")

    with cron.log() as lines:
        done = cron.run("greet")

    assert done.stdout.splitlines()[1] == "hello"
    assert ("info", "cron.task", "hello") in entries(lines)


def test_long_lines_of_two_tasks_are_not_torn(cron):
    for sign in "ab":
        line = f"line=$(printf '{sign}%.0s' {{1..30000}})"
        cron.task(sign, f'{line}; for _ in {{1..30}}; do echo "$line"; done')

    with cron.log() as lines:
        both = [
            subprocess.Popen(**cron.command(name, by="cron")) for name in ("a", "b")
        ]
        assert [one.wait(timeout=60) for one in both] == [0, 0]

    long = [line for line in lines if len(line) > 9000]
    assert sorted(set(long)) == ["a | " + "a" * 30_000, "b | " + "b" * 30_000]
    assert len(long) == 60


def test_a_log_that_nobody_reads_keeps_no_task_from_running(cron):
    cron.task("greet", "echo hello")
    os.mkfifo(cron.folder / "output")

    assert cron.run("greet", by="cron").returncode == 0


def test_a_log_that_is_stuck_keeps_no_task_from_ending(cron):
    shorten = "s/^PATIENCE_SECONDS = .*/PATIENCE_SECONDS = 0.2/"
    subprocess.run(["sed", "-i", shorten, cron.root / "cron/runner/task_log.py"])
    cron.task(
        "greet",
        "for _ in {1..3000}; do echo 'a line of thirty characters, or so'; done",
    )
    os.mkfifo(cron.folder / "output")
    (cron.folder / "output").chmod(0o622)
    stuck = os.open(cron.folder / "output", os.O_RDWR)

    done = cron.run("greet", by="cron")
    os.close(stuck)

    assert done.returncode == 0
    assert cron.records("greet")[0]["outcome"] == "ok"
