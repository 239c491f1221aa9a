"""A worker that is asked to stop: at once when it is idle, and nothing is lost."""

import json
import signal
import time

import pytest
from redis import Redis

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("transactional_db")]
AT_ONCE_SECONDS = 6  # less than CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT


@pytest.fixture
def idle(open_cage):
    """A worker that has carried out one canary, and is not to sing another."""
    cage = open_cage(WORKER_CANARY_SECONDS="600")
    cage.sings()
    time.sleep(2)  # it is acknowledged
    return cage


@pytest.fixture
def broker(server):
    """The database of tasks."""
    with Redis.from_url(server.url, db=0) as client:
        yield client


def stopped(cage) -> float:
    """Seconds that `docker compose stop` or ./install_local.sh --stop would wait."""
    began = time.monotonic()
    cage.process.send_signal(signal.SIGTERM)
    cage.process.wait(timeout=30)
    return time.monotonic() - began


def waiting(broker):
    """The ids of tasks that a worker would be given, now or a while after a loss."""
    messages = [json.loads(one) for one in broker.lrange("default", 0, -1)]
    messages += [json.loads(one)[0] for one in broker.hvals("unacked")]
    return [message["headers"]["id"] for message in messages]


def test_an_idle_worker_stops_at_once(idle):
    assert stopped(idle) < AT_ONCE_SECONDS


def test_a_task_that_waits_for_its_hour_stays_in_the_queue(idle, broker):
    """A letter that could not be sent is tried again after a while: it is one."""
    later = idle.app.send_task("config.canary.sing", countdown=300, queue="default")
    deadline = time.monotonic() + 20
    while not broker.hlen("unacked"):
        assert time.monotonic() < deadline
        time.sleep(0.05)

    assert stopped(idle) < AT_ONCE_SECONDS
    assert waiting(broker) == [later.id]
