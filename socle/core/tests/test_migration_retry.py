"""Migrations whose tables are held by others: what waits, what is said, what stays."""

import sys
import threading
import time
from contextlib import contextmanager
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from socle.core.management.commands import migrate_site

BEFORE = 'dependencies = [("config_retry", "0001_initial")]'
INITIAL = """
from django.db import migrations

class Migration(migrations.Migration):
    operations = [migrations.RunSQL("CREATE TABLE retry_one (id int)",
                                    "DROP TABLE retry_one")]
"""
ATOMIC = f"""
from django.db import migrations

class Migration(migrations.Migration):
    {BEFORE}
    operations = [
        migrations.RunSQL("CREATE TABLE retry_two (id int)"),
        migrations.RunSQL("ALTER TABLE retry_one ADD COLUMN more int"),
    ]
"""
STEPWISE = ATOMIC.replace("    operations", "    atomic = False\n    operations")
CONCURRENT = f"""
from django.db import migrations

class Migration(migrations.Migration):
    atomic = False
    {BEFORE}
    operations = [
        migrations.RunSQL("CREATE INDEX CONCURRENTLY retry_index ON retry_one (id)"),
    ]
"""
IN_BLOCK = f"""
from django.db import migrations, transaction

def work(apps, schema_editor):
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("CREATE TABLE retry_two (id int)")
        with transaction.atomic():
            cursor.execute("LOCK TABLE retry_one IN ACCESS EXCLUSIVE MODE")

class Migration(migrations.Migration):
    atomic = False
    {BEFORE}
    operations = [migrations.RunPython(work)]
"""


@pytest.fixture
def migrate(transactional_db, tmp_path, monkeypatch, settings):
    """Runs `migrate` of an app of the test's own; returns its words."""
    app = tmp_path / "config_retry"
    folder = app / "migrations"
    folder.mkdir(parents=True)
    for package in (app, folder):
        (package / "__init__.py").touch()
    (folder / "0001_initial.py").write_text(INITIAL)
    forget_modules()
    monkeypatch.syspath_prepend(str(tmp_path))
    settings.INSTALLED_APPS = [*settings.INSTALLED_APPS, "config_retry"]
    call_command("migrate", "config_retry", verbosity=0)

    def run(migration):
        (folder / "0002_next.py").write_text(migration)
        sys.modules.pop("config_retry.migrations.0002_next", None)
        said = StringIO()
        call_command("migrate", "config_retry", verbosity=0, stderr=said)
        return said.getvalue()

    yield run
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS retry_one, retry_two")
        cursor.execute("DELETE FROM django_migrations WHERE app = 'config_retry'")
    forget_modules()


def forget_modules():
    """Those of the last test's app, which had the same name."""
    for name in [name for name in sys.modules if name.startswith("config_retry")]:
        del sys.modules[name]


@contextmanager
def reading(*, seconds=None):
    """Another session that reads retry_one, until the end or for so many seconds."""
    reader = connection.copy()
    reader.inc_thread_sharing()
    with reader.cursor() as cursor:
        cursor.execute("SET application_name = 'backup: snapshot'")
        cursor.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
        cursor.execute("SELECT * FROM retry_one")
    timer = threading.Timer(seconds or 600, reader.close)
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        timer.join()
        reader.close()


def columns():
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM retry_one")
        return [column.name for column in cursor.description]


def tables():
    return connection.introspection.table_names()


@pytest.mark.parametrize("migration", [ATOMIC, STEPWISE])
def test_it_goes_on_when_the_backup_has_ended(migrate, migration):
    with reading(seconds=2):
        said = migrate(migration)

    assert columns() == ["id", "more"]
    assert "retry_two" in tables()
    assert "Waits for the backup that began at 20" in said
    assert "which holds what config_retry.0002_next changes" in said
    assert said.count("Waits for") == 1


def test_whoever_reads_meanwhile_waits_half_a_second_at_most(migrate):
    slowest, done = 0.0, threading.Event()

    def visit():
        nonlocal slowest
        visitor = connection.copy()
        visitor.inc_thread_sharing()
        while not done.is_set():
            began = time.monotonic()
            with visitor.cursor() as cursor:
                cursor.execute("SELECT * FROM retry_one")
            slowest = max(slowest, time.monotonic() - began)
        visitor.close()

    visitor = threading.Thread(target=visit)
    with reading(seconds=4):
        visitor.start()
        migrate(ATOMIC)
    done.set()
    visitor.join()

    assert 0.3 < slowest < 2


def test_all_patience_used_up_leaves_a_transaction_undone(migrate, settings):
    settings.MIGRATION_WAIT_SECONDS = 1
    with reading(), pytest.raises(CommandError) as caught:
        migrate(ATOMIC)

    words = str(caught.value)
    assert words.startswith("config_retry.0002_next was not run: for 0 min it waited")
    assert "the backup that began at" in words
    assert "Nothing of it was done" in words
    assert "run: ./install_local.sh" in words
    assert columns() == ["id"]
    assert "retry_two" not in tables()
    migrate(ATOMIC)
    assert columns() == ["id", "more"]


def test_it_says_what_stays_of_a_migration_that_is_no_transaction(migrate, settings):
    settings.MIGRATION_WAIT_SECONDS = 1
    with reading(), pytest.raises(CommandError) as caught:
        migrate(STEPWISE)

    assert "what it did before that stays" in str(caught.value)
    assert "retry_two" in tables()


def test_a_transaction_within_such_a_migration_is_not_run_twice(migrate):
    with reading(), pytest.raises(CommandError) as caught:
        migrate(IN_BLOCK)

    assert "config_retry.0002_next was stopped" in str(caught.value)
    assert "what it did before that stays" in str(caught.value)


def test_an_index_that_was_cut_while_it_was_built_is_built_anew(migrate, settings):
    settings.MIGRATION_WAIT_SECONDS = 1
    with reading(), pytest.raises(CommandError):
        migrate(CONCURRENT)  # waits for all older transactions: see the reader's
    settings.MIGRATION_WAIT_SECONDS = 60
    with reading(seconds=2):
        said = migrate(CONCURRENT)

    assert "Waits for the backup that began at" in said
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT indisvalid FROM pg_index WHERE indexrelid = 'retry_index'::regclass"
        )
        assert cursor.fetchone() == (True,)


def test_no_limit_of_a_migration_stays_in_its_session(migrate):
    migrate(ATOMIC)
    with connection.cursor() as cursor:
        cursor.execute("SHOW lock_timeout")
        assert cursor.fetchone() == ("0",)


@pytest.mark.django_db(transaction=True)
def test_one_that_migrates_already_is_waited_for_and_named(monkeypatch, settings):
    monkeypatch.setattr(migrate_site, "call_command", lambda *_a, **_k: None)
    settings.MIGRATION_WAIT_SECONDS = 1
    other = connection.copy()
    with other.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [migrate_site.LOCK])
    said = StringIO()

    with pytest.raises(CommandError) as caught:
        call_command("migrate_site", stderr=said)
    other.close()

    assert "Waits for another migration that began at 20" in said.getvalue()
    assert "Nothing was migrated: another migration that began at" in str(caught.value)
