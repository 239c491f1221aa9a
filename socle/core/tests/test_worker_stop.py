"""A worker that is asked to stop: at once when it is idle, and nothing is lost."""

import json
import signal
import time

import pytest
from django.db import connection, transaction
from redis import Redis

from socle.core.tests.conftest import wait_until

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("transactional_db")]
# Celery's words when it lets a task go on for CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT.
NOBODY = [0, "en"]  # a task that reads the invitations
WAITING = "Initiating Soft Shutdown"


@pytest.fixture
def idle(open_cage):
    """A worker that has carried out one canary, and is not to sing another."""
    cage = open_cage(WORKER_CANARY_SECONDS="600")
    cage.sings()
    time.sleep(5)  # it is acknowledged
    return cage


@pytest.fixture
def broker(server):
    """The database of tasks."""
    with Redis.from_url(server.url, db=0) as client:
        yield client


def stop(cage):
    """As `docker compose stop` and ./install_local.sh --stop do."""
    cage.process.send_signal(signal.SIGTERM)
    cage.process.wait(timeout=30)


def waiting(broker):
    """The ids of tasks that a worker would be given, now or a while after a loss."""
    messages = [json.loads(one) for one in broker.lrange("default", 0, -1)]
    messages += [json.loads(one)[0] for one in broker.hvals("unacked")]
    return [message["headers"]["id"] for message in messages]


def test_an_idle_worker_stops_at_once(idle):
    stop(idle)

    assert WAITING not in idle.log


def test_a_task_that_runs_is_waited_for(idle):
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("LOCK TABLE accounts_invitation IN ACCESS EXCLUSIVE MODE")
        idle.app.send_task("accounts.tasks.send_invitation", NOBODY, queue="default")
        wait_until(lambda: "task_started" in idle.log)
        time.sleep(1)  # its process says so; the main one hears of it a moment later
        stop(idle)

    assert WAITING in idle.log


def test_a_task_that_waits_for_its_hour_stays_in_the_queue(idle, broker):
    """A letter that could not be sent is tried again after a while: it is one."""
    later = idle.app.send_task("socle.core.canary.sing", countdown=300, queue="default")
    wait_until(lambda: broker.hlen("unacked"))

    stop(idle)

    assert WAITING not in idle.log
    assert waiting(broker) == [later.id]
