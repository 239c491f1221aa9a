"""cron runs tasks as the site's user, once at a time, and shows what they say."""

import json
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from clone import own, owner
from waiting import wait_until

# Waits in its middle until the test lets it go: a second start finds it running.
PROBE = """#!/usr/bin/env bash
set -euo pipefail
TASK_NAME=probe
TASK_DESCRIPTION="Looks around for the tests."
TIME_LIMIT=5m
echo "probe uid=$(id -u) gid=$(id -g) groups=$(id -G) in $PWD"
for name in SECRET_KEY POSTGRES_HOST POSTGRES_PASSWORD REDIS_URL MEDIA_ROOT TMPDIR; do
  echo "probe has $name: ${!name:+yes}"
done
python manage.py wait_for_services --timeout 10 && echo "probe reaches the services"
touch /media/tmp/probe-runs
for second in $(seq 300); do
  if [ -e /media/tmp/probe-ends ]; then break; fi
  sleep 0.2
done
rm -f /media/tmp/probe-runs
echo "probe on stderr" >&2
exit 7
"""
NAMES = ("SECRET_KEY", "POSTGRES_HOST", "POSTGRES_PASSWORD", "REDIS_URL", "MEDIA_ROOT")


@contextmanager
def scheduled(stack, name: str, script: str) -> Iterator[None]:
    """A new task as TEMPLATE.sh tells how: a file, a line, and cron started anew."""
    crontab = stack.folder / "cron/crontab"
    lines = crontab.read_text()
    task = stack.folder / f"cron/tasks/{name}.sh"
    task.write_text(script)
    task.chmod(0o755)
    crontab.write_text(f"{lines}* * * * * app /cron/run {name}\n")
    own(stack.folder / "cron")
    stack.compose("restart", "cron")
    try:
        yield
    finally:
        task.unlink()
        crontab.write_text(lines)
        stack.compose("restart", "cron")


@pytest.fixture(scope="module")
def probe(stack) -> Iterator[dict]:
    """What the log says of one run by the daemon, and a start in its middle."""
    with scheduled(stack, "probe", PROBE):
        wait_until(
            lambda: has(stack, "probe-runs"), within=120, what="cron starts the probe"
        )
        second = stack.compose("exec", "-T", "cron", "run", "probe", check=False)
        stack.inside("web", "touch", "/media/tmp/probe-ends")
        log = wait_until(
            lambda: ended(stack), within=60, what="the probe's end is logged"
        )
        lines = stack.inside("web", "cat", "/var/lib/jobs/probe.jsonl").splitlines()
        listed = stack.inside("cron", "run", "--list")
        records = [json.loads(line) for line in lines]
        yield {"log": log, "second": second, "records": records, "listed": listed}
    stack.inside("web", "rm", "-f", "/media/tmp/probe-ends")


def has(stack, name: str) -> bool:
    asked = stack.compose(
        "exec", "-T", "web", "test", "-e", f"/media/tmp/{name}", check=False
    )
    return asked.returncode == 0


def ended(stack) -> str | None:
    log = stack.logs("cron")
    return log if "cron probe: FAILED" in log else None


def test_a_task_runs_as_the_sites_user_and_not_as_root(stack, probe):
    uid = stack.inside("web", "id", "-u").strip()

    assert uid == str(owner()), (
        "web runs as another user than ./install_docker.sh chose"
    )
    assert f"probe uid={uid} gid={uid} groups={uid} in /app" in probe["log"], probe[
        "log"
    ]


def test_a_task_has_the_environment_of_the_stack(probe):
    for name in NAMES:
        assert f"probe has {name}: yes" in probe["log"], probe["log"]
    assert "probe reaches the services" in probe["log"], probe["log"]


def test_a_task_that_still_runs_is_not_started_again(probe):
    assert probe["second"].returncode == 75, probe["second"]
    assert "cron probe: it still runs since its last start" in probe["log"]
    assert "it still runs" in probe["second"].stdout


def test_a_task_that_fails_is_logged_with_its_exit_status(probe):
    assert "cron probe: FAILED with exit status 7 after" in probe["log"], probe["log"]
    assert "probe on stderr" in probe["log"], probe["log"]


def test_the_operations_page_finds_how_each_run_ended(probe):
    (skipped,) = [one for one in probe["records"] if one["by"] == "hand"]
    failed = probe["records"][-1]  # slow machines leave a start of cron out before it

    assert skipped["outcome"] == "skipped"
    assert (failed["outcome"], failed["by"]) == ("failed", "cron")
    assert failed["exit_status"] == 7
    assert failed["output"].endswith("probe on stderr")


def test_each_task_is_listed_with_its_next_start(probe):
    (line,) = [one for one in probe["listed"].splitlines() if one.startswith("probe ")]

    assert "* * * * *" in line
    assert line.endswith("Looks around for the tests.")


def test_no_secret_is_in_the_log(stack, probe):
    log = stack.logs()

    for name in ("SECRET_KEY", "MEDIA_LINK_KEY", "POSTGRES_PASSWORD", "REDIS_PASSWORD"):
        assert stack.value(name) not in log, f"{name} is in the log of the stack"


def test_the_template_is_a_task_that_works(stack):
    template = (stack.folder / "cron/tasks/TEMPLATE.sh").read_text()
    copy = stack.folder / "cron/tasks/copied.sh"
    copy.write_text(template)
    copy.chmod(0o755)
    try:
        assert "System check identified" in stack.inside("cron", "run", "copied")
    finally:
        copy.unlink()

    words = "cron copied: ended with exit status 0"
    wait_until(lambda: words in stack.logs("cron", tail=100), within=20, what=words)


def test_a_line_that_can_never_run_keeps_cron_from_starting(stack):
    crontab = stack.folder / "cron/crontab"
    lines = crontab.read_text()
    crontab.write_text(f"{lines}0 3 31 2 * app /cron/run backup\n")
    try:
        stack.compose("restart", "cron")
        words = "cron does not start: cron/crontab, line"
        wait_until(lambda: words in stack.logs("cron", tail=20), within=60, what=words)
    finally:
        crontab.write_text(lines)
        stack.compose("up", "--detach", "--wait", "--force-recreate", "cron")


def test_no_container_reaches_the_engine(stack):
    for service in stack.compose("config", "--services").stdout.split():
        container = stack.container(service)
        sources = [mount["Source"] for mount in container["Mounts"]]
        assert not [one for one in sources if "docker.sock" in one], service
        assert not container["HostConfig"]["Privileged"], service
