"""A release in the hour of the nightly backup: pages answer, the migration waits."""

import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager

import pytest
from django.conf import settings

from socle.backups.tests.conftest import execute
from socle.backups.tests.serving import environment_of, get, repeated, serving

MOST_PAGE_SECONDS = 5.0  # it would be as long as the dump is held
HELD_SECONDS = 8.0
TRIES = 20
ALTERING = """
from django.db import migrations

class Migration(migrations.Migration):
    dependencies = [("gallery", "{last}")]
    operations = [
        migrations.RunSQL("ALTER TABLE gallery_gallery ADD COLUMN released int"),
    ]
"""
DUMP_HOLDS = """
    SELECT a.pid FROM pg_locks l JOIN pg_stat_activity a USING (pid)
    WHERE l.granted AND l.relation = 'gallery_gallery'::regclass
      AND a.application_name = 'backups'
"""


@pytest.fixture
def release(tmp_path, django_site):
    """The environment of a code that has one migration more than the database."""
    source = settings.BASE_DIR / "gallery" / "migrations"
    migrations = tmp_path / "release" / "next_migrations"
    migrations.mkdir(parents=True)
    names = sorted(path.stem for path in source.glob("0*.py"))
    for path in source.glob("*.py"):
        (migrations / path.name).write_text(path.read_text())
    (migrations / "9999_release.py").write_text(ALTERING.format(last=names[-1]))
    (migrations.parent / "next_settings.py").write_text(
        "from config.settings import *\n"
        "MIGRATION_MODULES = {'gallery': 'next_migrations'}\n"
    )
    return environment_of(django_site) | {
        "DJANGO_SETTINGS_MODULE": "next_settings",
        "PYTHONPATH": f"{migrations.parent}:{settings.BASE_DIR}",
    }


@contextmanager
def held_dump(site, *, log):
    """
    A real backup whose pg_dump is stopped while it holds its locks, as a slow line to
    the bucket holds it. It goes on at the end of the block, and succeeds.
    """
    execute(
        site.database,
        "CREATE TABLE bulk AS SELECT n, repeat(md5(n::text), 30)"
        " AS words FROM generate_series(1, 30000) n",
    )
    for _ in range(TRIES):
        backup = begin("backup", environment=environment_of(site), log=log)
        if (dump := stopped_dump(site, backup=backup)) is not None:
            break
        assert backup.wait(timeout=60) == 0
    try:
        yield
    finally:
        os.kill(dump, signal.SIGCONT)
        assert backup.wait(timeout=120) == 0, log.read_text()


def stopped_dump(site, *, backup):
    with site.database.connect() as connection, connection.cursor() as cursor:
        while backup.poll() is None:
            cursor.execute(DUMP_HOLDS)
            if cursor.fetchone():
                dump = child_of(backup.pid, name="pg_dump")
                if dump is None:
                    continue
                os.kill(dump, signal.SIGSTOP)
                cursor.execute(DUMP_HOLDS)
                if cursor.fetchone():
                    return dump
                os.kill(dump, signal.SIGCONT)
                return None
    return None


def child_of(pid, *, name):
    found = subprocess.run(
        ["pgrep", "-P", str(pid), "-x", name], capture_output=True, text=True
    )
    return int(found.stdout.split()[0]) if found.stdout else None


def begin(*arguments, environment, log):
    """A command of manage.py, whose words for people go to the file `log`."""
    with log.open("w") as words:
        return subprocess.Popen(
            [sys.executable, "manage.py", *arguments],
            cwd=settings.BASE_DIR,
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=words,
        )


@contextmanager
def visiting(port, seen):
    """Ask for pages without a pause; `seen` gets (path, status, seconds)."""

    def visit():
        for path in ("/", "/api/galleries/", "/health/ready"):
            began = time.monotonic()
            try:
                status = get(port, path)[0]
            except OSError as error:
                status = repr(error)
            seen.append((path, status, time.monotonic() - began))

    with repeated(visit, threads=2):
        yield


@pytest.mark.slow
def test_pages_answer_while_a_migration_waits_for_a_dump(
    django_site, release, tmp_path
):
    seen, log = [], tmp_path / "migrate.log"
    with serving(django_site) as port:
        with (
            held_dump(django_site, log=tmp_path / "backup.log"),
            visiting(port, seen),
        ):
            migration = begin("migrate_site", environment=release, log=log)
            wait_for_wait(django_site)
            time.sleep(HELD_SECONDS)
            assert migration.poll() is None, log.read_text()
        status, said = migration.wait(timeout=60), log.read_text()
    assert status == 0, said
    path, _, seconds = max(seen, key=lambda one: one[2])
    assert seconds < MOST_PAGE_SECONDS, path
    assert {status for _, status, _ in seen} == {200}, set(seen)
    assert "Waits for the backup that began at" in said
    assert "gallery.9999_release" in said
    query = "SELECT released FROM gallery_gallery"
    assert execute(django_site.database, query) == []


def wait_for_wait(site):
    """Until the migration has met the dump's lock."""
    ends_at = time.monotonic() + 60
    query = (
        "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' "
        "AND datname = current_database() AND query LIKE '%released%'"
    )
    while not execute(site.database, query):
        assert time.monotonic() < ends_at
        time.sleep(0.02)
