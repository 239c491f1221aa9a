"""./install_docker.sh --check on the running stack, broken on purpose."""

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from clone import REPOSITORY
from waiting import wait_until

sys.path.append(str(REPOSITORY / "tests/scripts"))
from patient import Report, headings, read

CELERY = ("celery", "--app=config", "--quiet")


def check(stack, **variables: str) -> Report:
    command = ("./install_docker.sh", "--check")
    # CI's machine may be busy with other containers.
    variables |= {"NEEDED_MB": "1", "DOCTOR_PATIENCE_SECONDS": "60"}
    variables["DOCTOR_SITE_PATIENCE_SECONDS"] = "240"
    done = stack.run(*command, check=False, timeout=300, **variables)
    assert done.returncode in (0, 1), f"{done.stdout}\n{done.stderr}"
    assert done.stderr == "", done.stderr
    assert "stumbled" not in done.stdout, done.stdout
    assert not [secret for secret in secrets_of(stack) if secret in done.stdout]
    report = read(done.stdout, done.returncode)
    for line in report.lines:
        assert not line.section or line.section in headings(), line.section
    return report


def secrets_of(stack) -> list[str]:
    return [stack.value(f"{name}_PASSWORD") for name in ("POSTGRES", "REDIS")]


def problem(report: Report, words: str):
    """The problem that says so; whether there are others does not matter."""
    found = [line for line in report.of("problem") if words in line.says]
    assert len(found) == 1, report.text
    return found[0]


def run_what_it_names(stack, line) -> None:
    """As a person would, from the line."""
    command = line.todo.removeprefix("Run: ").split("   ")[0]
    stack.run("bash", "-c", command)


@pytest.fixture(scope="module", autouse=True)
def well_afterwards(stack) -> Iterator[None]:
    yield
    wait_until(lambda: well(stack), within=200, pause=3, what="all is well again")


def test_a_stack_that_is_well_has_no_problem(stack):
    report = wait_until(lambda: well(stack), within=200, pause=3, what="all is well")

    assert "The database has every migration." in report.text
    assert "A worker carried out its canary task" in report.text
    assert "The bucket for backups answers" in report.text
    assert "The volumes belong to those who write them." in report.text
    assert f"The site answers at {stack.url}." in report.text
    assert "Containers have the settings of .env" in report.text


def well(stack) -> Report:
    """Without a warning too; tests before may have started something anew."""
    report = check(stack)
    assert report.status == 0, report.text
    assert not report.of("warn"), report.text
    return report


@contextmanager
def changed(stack, name: str, value: str) -> Iterator[None]:
    before = stack.value(name)
    stack.setting(name, value)
    try:
        yield
    finally:
        stack.setting(name, before)


def test_passwords_that_are_not_those_of_the_volume_and_of_redis(stack):
    with (
        changed(stack, "POSTGRES_PASSWORD", "anotherPassword1"),
        changed(stack, "REDIS_PASSWORD", "anotherPassword2"),
    ):
        report = check(stack)

    problem(report, "volume keeps another password than POSTGRES_PASSWORD in .env")
    problem(report, "Redis runs with another password than REDIS_PASSWORD in .env")
    older = report.the("warn")
    assert older.section == "Containers run with older settings"
    assert "postgres" in older.says
    assert "worker" in older.says
    assert "nginx" not in older.says, "it does not have these passwords"


def test_another_major_of_postgres(stack):
    with changed(stack, "POSTGRES_VERSION", "18"):
        report = check(stack)

    line = problem(report, "the data is in the volume of Postgres 17")
    assert line.todo.startswith("Write POSTGRES_VERSION=17 into .env")


def test_services_that_were_stopped_and_paused(stack):
    stack.compose("stop", "nginx")
    stack.compose("pause", "storage")
    try:
        report = check(stack)
    finally:
        stack.compose("unpause", "storage")

    problem(report, "storage is paused")
    problem(report, "The bucket for backups cannot be read: ")
    stopped = problem(report, "nginx is stopped (exit status 0)")
    assert stopped.todo == "Run: docker compose up --detach nginx"
    assert "The service nginx does not run (exited): whether the site" in report.text
    run_what_it_names(stack, stopped)
    wait_until(lambda: is_healthy(stack, "nginx"), within=60, what="nginx is healthy")


def is_healthy(stack, service: str) -> bool:
    return stack.container(service)["State"]["Health"]["Status"] == "healthy"


@contextmanager
def neighbour(stack, service: str, *options: str, script: str) -> Iterator[str]:
    """A container more in the project, with an ailment of its own."""
    name = f"{stack.project}-{service}-1"
    labels = {"project": stack.project, "service": service, "oneoff": "False"}
    told = [
        f"--label=com.docker.compose.{key}={words}" for key, words in labels.items()
    ]
    image = f"{stack.project}-app:local"
    command = ["docker", "run", "--detach", "--init", f"--name={name}", *told, *options]
    stack.run(*command, "--entrypoint=sh", image, "-c", script)
    try:
        yield name
    finally:
        stack.run("docker", "rm", "--force", name)


def state(stack, name: str, template: str) -> str:
    asked = stack.run("docker", "inspect", f"--format={template}", name)
    return asked.stdout.strip()


def test_containers_that_crash_ail_and_run_out_of_memory(stack):
    crash = "echo 'Redis did not answer within 60 s: refused'; exit 3"
    health = ["--health-cmd=echo no tick yet; false", "--health-interval=1s"]
    health += ["--health-retries=1"]
    eat = "exec python -c \"b''.join(bytes(1 << 20) for _ in range(900))\""
    with (
        neighbour(stack, "looper", "--restart=always", script=crash) as looper,
        neighbour(
            stack, "ailer", *health, "--health-retries=1", script="sleep 600"
        ) as ailer,
        neighbour(stack, "eater", "--memory=64m", script=eat) as eater,
    ):
        wait_until(
            lambda: (
                int(state(stack, looper, "{{.RestartCount}}")) >= 3
                and state(stack, ailer, "{{.State.Health.Status}}") == "unhealthy"
                and state(stack, eater, "{{.State.Status}}") == "exited"
            ),
            within=40,
            what="each has its ailment",
        )
        report = check(stack)

    loop = problem(report, "looper ends and is started again")
    assert "Its last words: Redis did not answer within 60 s: refused" in loop.says
    assert loop.section == "Redis did not answer within … s"
    problem(report, "ailer runs and is unhealthy: no tick yet")
    problem(report, "eater ran out of memory and a process of it was killed: its limit")


def test_a_volume_of_another_user_and_the_command_that_repairs_it(stack):
    lend = ("--cap-add=CHOWN", "--cap-add=DAC_READ_SEARCH", "--entrypoint=chown")
    take = ("run", "--rm", "--no-deps", "--user=root", *lend, "web", "4711", "/media")
    stack.compose(*take)

    line = problem(check(stack), "folder of the volume belongs to uid 4711")

    assert line.says.startswith("web writes /media as uid 1000")
    run_what_it_names(stack, line)
    assert "The volumes belong to those who write them." in check(stack).text


def test_a_migration_that_is_missing(stack):
    one = "app = 'sessions' AND name LIKE '0001_initial%'"
    stack.sql(f"UPDATE django_migrations SET name = '0001_initial_x' WHERE {one}")
    try:
        report = check(stack)
    finally:
        stack.sql(f"UPDATE django_migrations SET name = '0001_initial' WHERE {one}")

    line = problem(report, "sessions.0001_initial")
    assert line.section == "Migrations are missing"


def test_a_worker_that_is_deaf_after_redis_was_restarted(stack):
    """Its consumers are taken from it, and its last canary is made to be long ago."""
    stack.compose("restart", "redis")
    wait_until(lambda: is_healthy(stack, "redis"), within=30, what="Redis is back")
    wait_until(lambda: deaf(stack), within=60, what="the worker consumes nothing")

    line = problem(check(stack), "No worker has carried out a task for")

    assert line.section == "The worker takes no tasks"
    run_what_it_names(stack, line)
    wait_until(lambda: hears(stack), within=90, what="the worker takes tasks again")


def deaf(stack) -> bool:
    """Asked of the worker's main process; it may be on its way back to Redis."""
    code = (
        "from config.celery import app; from django.core.cache import cache;"
        "from datetime import timedelta; from django.utils import timezone;"
        "from socle.core.health.worker import CANARY_KEY;"
        "ask = app.control.inspect(timeout=2);"
        "queues = [q['name'] for one in ask.active_queues().values() for q in one];"
        "[app.control.cancel_consumer(name, reply=True) for name in queues];"
        "left = [q for one in ask.active_queues().values() for q in one];"
        "ago = timezone.now() - timedelta(minutes=10);"
        "cache.set(CANARY_KEY, ago);"
        "print('deaf' if queues and not left else left)"
    )
    said = stack.inside(
        "web", "python", "manage.py", "shell", "--command", code, check=False
    )
    return said.strip().endswith("deaf")


def hears(stack) -> bool:
    said = stack.inside("web", "python", "manage.py", "site_status", check=False)
    return "A worker carried out its canary task" in said


def test_an_image_that_was_built_anew_and_not_started(stack):
    image = f"{stack.project}-app:local"
    before = stack.container("web")["Image"]
    subprocess.run(
        ["docker", "build", "--quiet", "--tag", image, "-"],
        input=f"FROM {image}\nLABEL rebuilt=yes\n",
        text=True,
        check=True,
        capture_output=True,
        timeout=60,
    )
    try:
        report = check(stack)
    finally:
        stack.run("docker", "tag", before, image)

    line = problem(report, f"an older image than {image} names now")
    assert re.match("flower, migrate, web and worker still run", line.says)
    assert line.todo == "Run: docker compose up --detach"


def test_a_backup_that_is_too_old(stack):
    try:
        with changed(stack, "BACKUP_MAX_AGE_HOURS", "26"):
            start_web(stack)
            with three_days_ago(stack):
                report = check(stack)
    finally:
        start_web(stack)

    line = problem(report, "The next one was due at")
    assert line.todo == "Run: ./google_storage.sh -b"


def start_web(stack) -> None:
    """With what .env says now."""
    stack.compose("up", "--detach", "web", timeout=300)
    stack.wait_until_ready(within=150)


@contextmanager
def three_days_ago(stack) -> Iterator[None]:
    """What the site remembers of backups, and its own birth."""
    age(stack, "-")
    try:
        yield
    finally:
        age(stack, "+")


def age(stack, sign: str) -> None:
    for table, column in (
        ("django_migrations", "applied"),
        ("backups_run", "started_at"),
        ("backups_run", "ended_at"),
    ):
        moment = f"{column} {sign} interval '3 days'"
        stack.sql(f"UPDATE {table} SET {column} = {moment}")
