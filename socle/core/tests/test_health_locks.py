"""What is said of queries that hang behind somebody's lock, and how it is ended."""

import threading
import time
from contextlib import contextmanager
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError, connection

from socle.core.health import commands, locks
from socle.core.health.results import CheckState

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def soon(monkeypatch):
    monkeypatch.setattr(locks, "HANGS_AFTER_SECONDS", 0.5)
    monkeypatch.setattr(commands, "is_in_docker", lambda: True)


@pytest.fixture
def table():
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE busy (id int); INSERT INTO busy VALUES (1)")
    yield
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE busy")


class Session:
    """A session of Postgres in a thread of its own: it may hang."""

    def __init__(self, *statements, name):
        self.ended_by = None
        self._statements = [f"SET application_name = '{name}'", "BEGIN", *statements]
        self._connection = connection.copy()
        self._connection.inc_thread_sharing()
        self._connection.ensure_connection()
        self.pid = self._connection.connection.info.backend_pid
        self._thread = threading.Thread(target=self._run)
        self._thread.start()
        time.sleep(0.2)

    def _run(self):
        try:
            with self._connection.cursor() as cursor:
                for statement in self._statements:
                    cursor.execute(statement)
        except OperationalError as error:
            self.ended_by = str(error)

    def close(self):
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(%s)", [self.pid])
        self._thread.join()
        self._connection.close()


@contextmanager
def sessions(*made):
    opened = []
    try:
        for name, *statements in made:
            opened.append(Session(*statements, name=name))
        time.sleep(0.7)
        yield opened
    finally:
        for one in reversed(opened):
            one.close()


READER = ("backup: snapshot", "SELECT * FROM busy")
ALTER = ("psql", "ALTER TABLE busy ADD COLUMN more int")
PAGE = ("page", "SELECT count(*) FROM busy")
WRITER = ("task", "UPDATE busy SET id = 2")


def test_all_is_well_while_nobody_waits(table):
    with sessions(READER, PAGE):
        fact = locks.locks()

    assert fact.state == CheckState.OK
    assert str(fact.says) == "No query waits for a lock."


def test_readiness_fails_while_pages_hang_and_names_what_holds_them_up(table, client):
    with sessions(READER, ALTER, PAGE) as (_, alter, _page):
        fact = locks.locks()
        ready = client.get("/health/ready")

    assert fact.state == CheckState.FAIL
    words = str(fact.says)
    assert words.startswith("Queries wait for a lock (2, the longest for ")
    assert f"behind process {alter.pid} of Postgres (psql, " in words
    assert "ALTER TABLE busy ADD COLUMN more int" in words
    assert fact.todo == (
        f"docker compose exec --user app cron python manage.py end_session {alter.pid}"
    )
    assert ready.status_code == 503
    assert ready.json()["checks"]["locks"]["state"] == "fail"
    assert client.get("/health/ready").json()["checks"]["locks"]["state"] == "ok"


def test_who_holds_the_lock_is_named_where_nobody_else_waits(table):
    locked = ("left open", "LOCK TABLE busy")
    with sessions(locked, PAGE) as (holder, _):
        fact = locks.locks()

    assert fact.state == CheckState.FAIL
    assert f"behind process {holder.pid} of Postgres (left open, " in str(fact.says)


def test_one_that_waits_for_a_row_is_only_a_warning(table):
    with sessions(WRITER, WRITER) as (first, _):
        fact = locks.locks()

    assert fact.state == CheckState.WARN
    assert "Queries wait for a lock (1, the longest" in str(fact.says)
    assert str(first.pid) in str(fact.todo)


def test_an_index_that_is_built_concurrently_holds_nobody_up(table):
    concurrent = connection.copy()
    concurrent.inc_thread_sharing()
    with sessions(WRITER):
        build = threading.Thread(target=build_index, args=[concurrent])
        build.start()
        time.sleep(0.7)
        fact = locks.locks()
    build.join()
    concurrent.close()

    assert fact.state == CheckState.OK


def build_index(own):
    with own.cursor() as cursor:
        cursor.execute("CREATE INDEX CONCURRENTLY ON busy (id)")


def test_the_named_session_is_ended_and_pages_go_on(table):
    said = StringIO()
    with sessions(READER, ALTER, PAGE) as (_, alter, page):
        call_command("end_session", alter.pid, stdout=said)
        time.sleep(0.3)
        assert locks.waiting() == []
        assert page.ended_by is None

    assert said.getvalue().startswith(f"Ended the process {alter.pid} (psql, ")
    assert alter.ended_by is not None


def test_a_process_of_another_database_is_not_ended():
    with pytest.raises(CommandError, match=r"site_status$"):
        call_command("end_session", 1)
