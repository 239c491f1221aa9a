"""Real gunicorn, asked without a pause while database and media are swapped."""

import time
from contextlib import contextmanager
from dataclasses import replace

import pytest

from socle.backups.restore.restore_targets import drop_database
from socle.backups.runs.run_locks import only_one
from socle.backups.swap.database_swap import swap
from socle.backups.swap.swap_journal import Exchange, Plan
from socle.backups.tests.conftest import execute
from socle.backups.tests.serving import get, repeated, serving

VISITORS = 4
SWAPS = 4


@pytest.fixture
def served(django_site):
    """The port of a gunicorn that serves the test's own site."""
    with serving(django_site) as port:
        yield port


@contextmanager
def visitors(port, answers):
    def ask():
        try:
            answers.append(get(port, "/account/"))
        except OSError as error:
            answers.append((str(error), None))

    with repeated(ask, threads=VISITORS):
        yield


def wait_for_more(answers):
    """So many that swaps are among them, however slow the machine is."""
    enough, ends_at = len(answers) + 20, time.monotonic() + 60
    while len(answers) < enough:
        assert time.monotonic() < ends_at, answers[-3:]
        time.sleep(0.01)


@pytest.mark.slow
def test_no_visitor_gets_a_500_while_a_site_is_swapped(site, served):
    plan = Plan(
        Exchange(site.database.name, f"{site.database.name}_b", "unused"),
        Exchange("live", "b", "unused"),
    )
    create_copy(site, plan)
    answers, caught = [], []
    try:
        with visitors(served, answers):
            for number in range(SWAPS):
                wait_for_more(answers)
                plan = turned(plan, old=f"_{number}")
                swap_now(plan, site=site)
            wait_for_more(answers)
        plan = turned(plan, old="_last")
        with visitors(served, caught):
            with unanswered(site):
                time.sleep(0.3)
                swap_now(plan, site=site)
            wait_for_more(caught)
        asked_last = get(served, "/account/")
    finally:
        for name in (plan.database.new, plan.database.old):
            drop_database(site.database.named(name))
    for seen in (answers, caught):
        assert {status for status, _ in seen} == {302, 503}
        assert {retry for status, retry in seen if status == 503} == {"2"}
    assert asked_last == (302, None)
    assert get(served, "/health/ready") == (200, None)


def swap_now(plan, *, site):
    with only_one(site.database, purpose="restore") as lock:
        swap(plan, site=site, lock=lock)


@contextmanager
def unanswered(site):
    """Requests hang in their queries, longer than a swap waits for them."""
    with (
        site.database.connect(autocommit=False) as connection,
        connection.cursor() as cursor,
    ):
        cursor.execute("LOCK TABLE accounts_signin IN ACCESS EXCLUSIVE MODE")
        yield


def create_copy(site, plan):
    names = plan.database
    execute(
        site.database.named("postgres"),
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        f"WHERE datname = '{names.live}'",
    )
    execute(
        site.database.named("postgres"),
        f'CREATE DATABASE "{names.new}" TEMPLATE "{names.live}"',
    )
    (site.media_root.parent / plan.media.new).mkdir()


def turned(plan, *, old):
    """The next swap: what the last one replaced comes in again."""

    def next_(part):
        new = part.new if part.old == "unused" else part.old
        return replace(part, new=new, old=part.live + old)

    return Plan(next_(plan.database), next_(plan.media))
