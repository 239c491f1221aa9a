"""What the site stands on goes away, moves, or forgets everything."""

import time

import pytest
from bucket import docker
from case import EVERYTHING, Promise
from installation import BY_PROJECT
from measures import API, PAGE, PHOTO, UPLOAD

FLUSH = (
    'REDISCLI_AUTH="$(cat "$REDIS_PASSWORD_FILE")" redis-cli --no-auth-warning FLUSHALL'
)
STOPPED_SECONDS = FROZEN_SECONDS = 30


@pytest.mark.quick
def test_a_flushed_redis_loses_no_photo(site, case):
    """The queue is gone; cron finds in the database what was in it."""
    one = case("Redis is flushed", Promise("no error", back_within=30))
    with one.under_load() as load:
        wait_for_work(load)
        assert site.stack.inside("redis", "sh", "-c", FLUSH).strip() == "OK"


def test_a_redis_that_hangs_holds_nobody_up(site, case):
    """Frozen: it takes connections, and answers nothing."""
    one = case("Redis hangs for 30 s", Promise("no error"))
    before = site.restarts()
    with one.under_load() as load:
        wait_for_work(load)
        site.stack.compose("pause", "redis")
        try:
            time.sleep(FROZEN_SECONDS)
        finally:
            site.stack.compose("unpause", "redis")
    assert site.restarts() == before, "they had no reason to"


def wait_for_work(load) -> None:
    """Something must be in the queue for a flush to lose."""
    before = len(load.accepted())
    ends_at = time.monotonic() + 20
    while len(load.accepted()) == before and time.monotonic() < ends_at:
        time.sleep(0.01)


def test_postgres_may_be_away_for_half_a_minute(site, case):
    words = f"all is answered again within 60 s of its start ({STOPPED_SECONDS} s away)"
    one = case("Postgres is stopped for 30 s", Promise(words, EVERYTHING, 60))
    before = {name: site.restarts()[name] for name in ("web", "nginx", "redis")}
    with one.under_load():
        site.stack.compose("stop", "postgres")
        time.sleep(STOPPED_SECONDS)
        site.stack.compose("start", "postgres")
    after = site.restarts()
    assert {name: after[name] for name in before} == before, "they had no reason to"


def test_web_may_come_back_at_another_address(site, case):
    """nginx asks for its address again, instead of keeping the first one."""
    kinds = frozenset({PAGE, API, PHOTO, UPLOAD})
    one = case(
        "`web` is recreated with a new address",
        Promise("all is answered again within 60 s", kinds, 60),
    )
    before = addresses_of(site, "web")
    name = f"{site.stack.project}-squatter"
    try:
        with one.under_load():
            site.stack.compose("rm", "--stop", "--force", "web")
            squat(site, name)
            site.stack.compose("up", "--detach", "--no-deps", "web")
        after = addresses_of(site, "web")
        assert before["edge"] != after["edge"], f"the address is the same: {after}"
        one.note(f"{before['edge']} became {after['edge']}")
    finally:
        docker("rm", "--force", name, check=False)


def squat(site, name: str) -> None:
    """A container that takes the address which has just become free."""
    network = f"{site.stack.project}-prod_edge"
    label = BY_PROJECT.removeprefix("label=") + site.stack.project
    options = ["--detach", "--name", name, "--label", label, "--network", network]
    docker("run", *options, "redis:8-trixie", "sleep", "300")


def addresses_of(site, service: str) -> dict[str, str]:
    networks = site.stack.container(service)["NetworkSettings"]["Networks"]
    return {name.split("_")[-1]: found["IPAddress"] for name, found in networks.items()}
