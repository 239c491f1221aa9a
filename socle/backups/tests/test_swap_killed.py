"""After kill -9 at any step, database and media are all old or all new."""

import time
from dataclasses import replace

import pytest

from socle.backups.exceptions import AlreadyRunning
from socle.backups.runs.run_locks import only_one
from socle.backups.swap.database_swap import swap
from socle.backups.swap.swap_journal import Exchange, Plan, journal_path
from socle.backups.swap.swap_recovery import alone, settle
from socle.backups.tests.conftest import execute, picture
from socle.backups.tests.killing import killed_at
from socle.backups.tests.swapping import live_state, make_ready

pytestmark = pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
MOST_STEPS = 60


def run(plan, *, site):
    with only_one(site.database, purpose="restore") as lock:
        swap(plan, site=site, lock=lock)


def look(site) -> None:
    """What any command does first; the server needs a moment to miss the killed one."""
    for _ in range(200):
        try:
            with alone(site, purpose="look"):
                return
        except AlreadyRunning:
            time.sleep(0.05)
    raise AssertionError("The lock outlives its holder.")


def reverse(plan: Plan) -> Plan:
    def turned(part: Exchange | None):
        return part and replace(part, new=part.old, old=part.new)

    return Plan(turned(plan.database), turned(plan.media))


def test_a_swap_that_is_killed_anywhere_is_all_old_or_all_new(site):
    plan, seen = make_ready(site), []
    for step in range(MOST_STEPS):
        was_killed = killed_at(step, lambda: run(plan, site=site))
        look(site)
        seen.append(live_state(site))
        assert not journal_path(site.media_root).exists()
        if seen[-1] == "new":
            run(reverse(plan), site=site)
        if not was_killed:
            break
    # journal, two databases, two folders, commit, removal: before and after each
    assert len(seen) == 15
    assert seen == ["old"] * seen.count("old") + ["new"] * seen.count("new")
    assert seen.count("old") == 11


def test_media_alone_that_are_killed_anywhere_are_all_old_or_all_new(site):
    plan, seen = replace(make_ready(site), database=None), []
    for step in range(MOST_STEPS):
        was_killed = killed_at(step, lambda: run(plan, site=site))
        look(site)
        seen.append("new" if set(picture(site.media_root)) == {b"mark"} else "old")
        if seen[-1] == "new":
            run(reverse(plan), site=site)
        if not was_killed:
            break
    assert len(seen) == 9
    assert seen == ["old"] * 5 + ["new"] * 4
    assert execute(site.database, "SELECT count(*) FROM photo") == [(500,)]


@pytest.mark.parametrize(("killed_after", "state"), [(9, "old"), (11, "new")])
def test_a_settling_that_is_killed_anywhere_is_done_again(site, killed_after, state):
    plan = make_ready(site)

    def settling():
        with only_one(site.database, purpose="settle"):
            settle(site)

    for step in range(MOST_STEPS):
        assert killed_at(killed_after, lambda: run(plan, site=site))
        wait_for_lock(site)
        was_killed = killed_at(step, settling)
        look(site)
        assert live_state(site) == state
        if state == "new":
            run(reverse(plan), site=site)
        if not was_killed:
            break
    assert step >= 2


def wait_for_lock(site):
    for _ in range(200):
        try:
            with only_one(site.database, purpose="look"):
                return
        except AlreadyRunning:
            time.sleep(0.05)
