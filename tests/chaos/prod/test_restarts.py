"""What operators do every week, and what the kernel does without being asked."""

import pytest
from case import EVERYTHING, Promise
from harm import kill_main_process
from measures import API, PAGE, PHOTO, UPLOAD

# Which requests need a service; the others must not notice that it is gone.
NEEDED_BY = {
    "web": EVERYTHING,
    "worker": frozenset(),
    "redis": frozenset({PAGE, API, PHOTO, UPLOAD}),
    "postgres": EVERYTHING,
    "nginx": EVERYTHING,
    "cron": frozenset(),
    "flower": frozenset(),
    "certbot": frozenset(),
}
BACK_WITHIN_SECONDS = 60
# The short ones that every change must pass.
QUICK = {"web", "worker"}


def services() -> list:
    return [
        pytest.param(name, marks=[pytest.mark.quick] if name in QUICK else [])
        for name in NEEDED_BY
    ]


def promise_for(service: str) -> Promise:
    kinds = NEEDED_BY[service]
    words = "no error"
    if kinds:
        words = f"all is answered again within {BACK_WITHIN_SECONDS} s"
    return Promise(words, kinds, BACK_WITHIN_SECONDS)


@pytest.mark.parametrize("service", services())
def test_a_restart_is_survived(site, case, service):
    one = case(f"`{service}` is restarted", promise_for(service))
    with one.under_load():
        site.stack.compose("restart", service)
    site.wait_until_healthy()


@pytest.mark.parametrize("service", NEEDED_BY)
def test_a_main_process_that_is_killed_is_started_again(site, case, service):
    before = site.restarts()
    one = case(f"`kill -9` of `{service}`'s main process", promise_for(service))
    with one.under_load():
        kill_main_process(site.stack, service)
    site.wait_until_healthy()
    after = site.restarts()
    assert after[service] != before[service], f"{service} was not killed"
    others = set(before) - {service}
    assert {name: after[name] for name in others} == {
        name: before[name] for name in others
    }
