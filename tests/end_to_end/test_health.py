"""What a stack says of itself, in its real containers; and a deaf worker's end."""

import json
from collections.abc import Iterator

import pytest
import requests
from stack import Stack
from waiting import wait_until

DEAF_SECONDS = 20
ESSENTIAL = ["database", "redis", "storage", "migrations", "worker"]
DEAF = """
from celery.utils.nodenames import worker_direct
from config.celery import app
for [name, queues] in app.control.inspect(timeout=10).active_queues().items():
    for queue in queues:
        app.control.cancel_consumer(queue["name"], destination=[name], reply=True)
"""


@pytest.fixture
def impatient(dev) -> Iterator[Stack]:
    """DEV with a worker that gives itself little time."""
    first = {name: dev.value(name) for name in IMPATIENCE}
    for name, value in IMPATIENCE.items():
        dev.setting(name, value)
    dev.compose("up", "--detach", "--wait", "--no-deps", "worker")
    yield dev
    for name, value in first.items():
        dev.setting(name, value)
    dev.compose("up", "--detach", "--no-deps", "worker")


IMPATIENCE = {"WORKER_CANARY_SECONDS": "2", "WORKER_DEAF_SECONDS": str(DEAF_SECONDS)}


def facts(stack: Stack) -> dict[str, dict[str, str]]:
    command = ["exec", "-T", "web", "python", "manage.py", "site_status", "--json"]
    said = stack.compose(*command, check=False).stdout
    return {fact["name"]: fact for fact in json.loads(said)["facts"]}


def well(stack: Stack) -> dict[str, dict[str, str]]:
    found = facts(stack)
    assert {found[name]["state"] for name in ESSENTIAL} == {"ok"}, found
    return found


def test_every_fact_is_known_in_the_real_containers(dev):
    found = wait_until(lambda: well(dev), within=90, what="all is well")

    assert {"backup", "certificate", "disk"} <= set(found)


def test_the_certificate_is_read_from_what_nginx_shows(dev):
    """A self-signed one or a test authority's, whichever came last: never a guess."""
    assert "nginx does not" not in facts(dev)["certificate"]["says"]
    assert facts(dev)["certificate"]["state"] in {"ok", "warn"}


def test_the_world_is_told_no_words(dev):
    answer = requests.get(f"{dev.plain_url}/health/ready", timeout=20)

    assert answer.json()["checks"]["database"] == {"state": "ok"}


def test_a_deaf_worker_ends_itself_and_docker_starts_it_anew(impatient):
    wait_until(lambda: well(impatient), within=90, what="the worker was heard")
    before = impatient.started_at("worker")
    impatient.inside("web", "python", "manage.py", "shell", "--command", DEAF)

    wait_until(
        lambda: impatient.started_at("worker") != before,
        within=DEAF_SECONDS + 60,
        what="the worker ended itself",
    )
    assert "has carried out no task for" in impatient.logs("worker")
    wait_until(lambda: well(impatient), within=90, what="the new worker was heard")
