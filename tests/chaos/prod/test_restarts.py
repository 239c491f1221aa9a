"""What operators do every week, and what the kernel does without being asked."""

import pytest
from case import EVERYTHING, Promise
from harm import kill_main_process

NOTHING: frozenset[str] = frozenset()
# Which requests need them; the others must not notice that they are gone.
NEEDED_BY = {
    ("web",): EVERYTHING,
    ("worker",): NOTHING,
    ("redis",): EVERYTHING,
    ("postgres",): EVERYTHING,
    ("nginx",): EVERYTHING,
    ("cron", "flower", "certbot"): NOTHING,
}
BACK_WITHIN_SECONDS = 60
# The short ones that every change must pass.
QUICK = {("web",)}


def groups() -> list:
    return [
        pytest.param(
            group,
            id="-".join(group),
            marks=[pytest.mark.quick] if group in QUICK else [],
        )
        for group in NEEDED_BY
    ]


def promise_for(group: tuple[str, ...]) -> Promise:
    kinds = NEEDED_BY[group]
    words = f"answered again within {BACK_WITHIN_SECONDS} s" if kinds else "no error"
    return Promise(words, kinds, BACK_WITHIN_SECONDS)


def named(group: tuple[str, ...]) -> str:
    return ", ".join(f"`{name}`" for name in group)


@pytest.mark.parametrize("group", groups())
def test_a_restart_is_survived(site, case, group):
    one = case(f"Restart of {named(group)}", promise_for(group))
    with one.under_load():
        site.stack.compose("restart", *group)
    site.wait_until_healthy()


@pytest.mark.parametrize("group", NEEDED_BY, ids="-".join)
def test_a_main_process_that_is_killed_is_started_again(site, case, group):
    before = site.restarts()
    one = case(f"`kill -9` of the main process of {named(group)}", promise_for(group))
    with one.under_load():
        for name in group:
            kill_main_process(site.stack, name)
    site.wait_until_healthy()
    changed = {name for name, now in site.restarts().items() if now != before[name]}
    assert changed == set(group), "these were started again"
