"""A lock that somebody else holds is not waited for without end, and costs nothing."""

import time
from contextlib import contextmanager

import psycopg2
import pytest
from psycopg2.errors import LockNotAvailable

from socle.backups.exceptions import RestoreFailed
from socle.backups.postgres import connection
from socle.backups.postgres.database_properties import give, traits_of
from socle.backups.postgres.roles import roles_made
from socle.backups.restore.restore_targets import databases_of, drop_database
from socle.backups.runs.run_locks import only_one
from socle.backups.swap.database_swap import swap
from socle.backups.swap.swap_journal import journal_path
from socle.backups.tests.conftest import execute
from socle.backups.tests.swapping import live_state, make_ready


@pytest.fixture(autouse=True)
def soon(monkeypatch):
    monkeypatch.setattr(connection, "_LIMIT", "500ms")


@contextmanager
def held(database, statement):
    """Somebody's psql, with a transaction that was left open."""
    session = psycopg2.connect(
        dbname="postgres",
        host=database.host,
        port=database.port,
        user=database.user,
        password=database.password,
    )
    try:
        with session.cursor() as cursor:
            cursor.execute(statement)
            yield
    finally:
        session.close()


def comment_on(database):
    return f"COMMENT ON DATABASE \"{database.name}\" IS 'left open'"


def test_a_swap_is_taken_back(site):
    plan, began = make_ready(site), time.monotonic()
    with (
        held(site.database, comment_on(site.database)),
        only_one(site.database, purpose="restore") as lock,
        pytest.raises(RestoreFailed, match="lock timeout"),
    ):
        swap(plan, site=site, lock=lock)

    assert time.monotonic() - began < 10
    assert live_state(site) == "old"
    assert not journal_path(site.media_root).exists()


def test_a_database_is_dropped_later(site):
    make_ready(site)
    (left,) = databases_of(site.database, kind="restore")
    with held(site.database, comment_on(left)), pytest.raises(LockNotAvailable):
        drop_database(left)

    assert execute(left, "SELECT to_regclass('mark') IS NOT NULL") == [(True,)]


def test_what_belongs_to_a_database_is_not_waited_for(site):
    traits = traits_of(site.database)
    with (
        held(site.database, comment_on(site.database)),
        pytest.raises(LockNotAvailable),
    ):
        give(site.database, traits)


def test_neither_is_a_role(site):
    name = f"{site.database.name}_reader"
    with (
        held(site.database, f"CREATE ROLE {name}"),
        pytest.raises(LockNotAvailable),
        roles_made(site.database, wanted=[name]),
    ):
        raise AssertionError("It was made.")
