"""A scratch database, a media folder and a store of its own for each test."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path
from uuid import uuid4

import pytest
from django.conf import settings
from django.core.management import load_command_class
from django.db import connections

from socle.backups.postgres.connection import Database
from socle.backups.progress import Progress
from socle.backups.restore.restore_targets import (
    create_database,
    databases_of,
    drop_database,
)
from socle.backups.restore.run_restore import restore_backup
from socle.backups.runs.backup_source import BackupSource
from socle.backups.services import take_backup
from socle.backups.stores import google_uploads, open_store
from socle.backups.tests.faulty import (  # noqa: F401
    faulty,
    faulty_google,
    faulty_s3,
    google_between,
    s3_between,
    s3_between_client,
)
from socle.backups.tests.store_servers import (  # noqa: F401
    rclone,
    s3,
    s3_client,
    s3_store,
)

NIGHT = datetime(2026, 11, 21, 3, 0, 0, tzinfo=UTC)
NEXT_NIGHT = datetime(2026, 11, 22, 3, 0, 0, tzinfo=UTC)
QUIET = Progress()

TABLES = """
    CREATE TABLE photo (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        name text NOT NULL, thumbnail bytea, tags text[]);
    INSERT INTO photo (name, thumbnail, tags)
        SELECT 'photo ' || n, decode(md5(n::text), 'hex'), ARRAY['sea', 'é ☃']
        FROM generate_series(1, 500) n;
    CREATE TABLE "Odd ""name"" ☃" (photo bigint REFERENCES photo, "a=b" text);
    INSERT INTO "Odd ""name"" ☃" VALUES (1, E'tab\\t newline\\n back\\\\slash');
    CREATE TABLE visit (day date, n int) PARTITION BY RANGE (day);
    CREATE TABLE visit_2026 PARTITION OF visit
        FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
    INSERT INTO visit SELECT date '2026-01-01' + n, n FROM generate_series(0, 99) n;
    CREATE TABLE parent (id int);
    CREATE TABLE child () INHERITS (parent);
    INSERT INTO parent VALUES (1);
    INSERT INTO child VALUES (2), (3);
    CREATE SCHEMA other;
    CREATE TABLE other.photo (id int);
    CREATE MATERIALIZED VIEW names AS SELECT name FROM photo;
    SELECT lo_from_bytea(0, 'a large object');
"""
ROWS = {
    "public.photo": 500,
    'public.Odd "name" ☃': 1,
    "public.visit_2026": 100,
    "public.parent": 1,
    "public.child": 2,
    "other.photo": 0,
}


class Wrapped:
    """A store with one method replaced; the others are the real one's."""

    def __init__(self, store, **methods):
        self._store = store
        self.__dict__.update(methods)

    def __getattr__(self, name):
        return getattr(self._store, name)


def execute(database: Database, statement: str) -> list[tuple]:
    with database.connect() as connection, connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchall() if cursor.description else []


@pytest.fixture
def database() -> Iterator[Database]:
    scratch = Database.from_settings().named(f"scratch_{uuid4().hex[:12]}")
    create_database(scratch)
    execute(scratch, TABLES)
    yield scratch
    for kind in ("restore", "before"):
        for leftover in databases_of(scratch, kind=kind):
            drop_database(leftover)
    drop_database(scratch)


@pytest.fixture(scope="session")
def django_template() -> Iterator[Database]:
    """A database as this code's migrations make it; others are copied from it."""
    template = Database.from_settings().named(f"template_{uuid4().hex[:12]}")
    create_database(template)
    subprocess.run(
        [sys.executable, "manage.py", "migrate_site", "--verbosity=0"],
        cwd=settings.BASE_DIR,
        env=os.environ | {"POSTGRES_DB": template.name},
        check=True,
    )
    yield template
    drop_database(template)


@pytest.fixture
def django_site(site, django_template) -> BackupSource:
    """The site of the test, on a database of Django's own."""
    drop_database(site.database)
    execute(
        site.database.named("postgres"),
        f"CREATE DATABASE {site.database.name} TEMPLATE {django_template.name}",
    )
    return site


@pytest.fixture
def media(tmp_path) -> Path:
    """With the names that make backups fail: newline, not UTF-8, empty, a link."""
    root = tmp_path / "volume" / "live"
    (root / "photos" / "é ☃").mkdir(parents=True)
    (root / "photos" / "one.jpg").write_bytes(b"one" * 1000)
    (root / "photos" / "é ☃" / "new\nline.jpg").write_bytes(b"two" * 1000)
    (root / "photos" / "again.jpg").write_bytes(b"one" * 1000)
    (root / "empty").write_bytes(b"")
    (root / os.fsdecode(b"not-utf8-\xff")).write_bytes(b"\x00")
    (root / "link").symlink_to("photos/one.jpg")
    (root / "photos" / "one.jpg").chmod(0o640)
    os.utime(root / "empty", ns=(1_000_000_000, 1_234_567_891_234_567_891))
    return root


@pytest.fixture
def store(settings, monkeypatch):
    """The real emulator, below a prefix that no other test uses; with small pieces."""
    monkeypatch.setattr(google_uploads, "PIECE_BYTES", 4 << 20)
    return open_store(f"{settings.BACKUP_STORAGE_URL}/{uuid4()}", patience_seconds=5)


@pytest.fixture
def folder_store(tmp_path):
    return open_store((tmp_path / "store").as_uri())


@pytest.fixture(params=["store", "s3_store", "folder_store"])
def any_store(request):
    return request.getfixturevalue(request.param)


@pytest.fixture
def site(database, media, store) -> BackupSource:
    return BackupSource(
        project="socle",
        environment="local",
        database=database,
        media_root=media,
        store_url=store.url,
    )


@pytest.fixture
def backup(site, store):
    return take_backup(site, store=store, now=NIGHT, progress=QUIET)


@pytest.fixture
def with_tool(site, tmp_path):
    """A site whose client tool `name` is a shell script; the other ones are real."""

    def make(name: str, script: str) -> BackupSource:
        tools = tmp_path / "tools"
        tools.mkdir(exist_ok=True)
        for real in ("pg_dump", "pg_restore"):
            if not (tools / real).exists():
                (tools / real).symlink_to(site.database.tool(real))
        (tools / name).unlink()
        (tools / name).write_text(f"#!/bin/sh\n{script}\n")
        (tools / name).chmod(0o755)
        return replace(site, database=replace(site.database, tools=str(tools)))

    return make


def names_in(store, prefix: str = "") -> list[str]:
    return sorted(found.name for found in store.list(prefix))


def picture(folder: Path) -> dict[str, tuple]:
    """Everything about the files below `folder` that must come back."""
    return {
        os.fsencode(path.relative_to(folder)): (
            path.readlink() if path.is_symlink() else path.read_bytes(),
            path.lstat().st_mtime_ns,
            path.lstat().st_mode,
        )
        for path in folder.rglob("*")
        if path.is_symlink() or path.is_file()
    }


FINGERPRINT = """
    SELECT md5(string_agg(photo::text, '' ORDER BY id)) FROM photo
    UNION ALL SELECT md5(string_agg(o::text, '')) FROM "Odd ""name"" ☃" o
    UNION ALL SELECT md5(string_agg(v::text, '' ORDER BY day)) FROM visit v
    UNION ALL SELECT md5(string_agg(n::text, '' ORDER BY name)) FROM names n
    UNION ALL SELECT md5(lo_get(oid)) FROM pg_largeobject_metadata
    UNION ALL SELECT md5(string_agg(p::text, '' ORDER BY id)) FROM parent p
"""


@pytest.fixture
def restore(site, store):
    def run(backup, *, site=site, store=store, now=NEXT_NIGHT):
        return restore_backup(backup, site=site, store=store, now=now, progress=QUIET)

    return run


@pytest.fixture
def manage(db, site, settings, monkeypatch, capsys):
    """Runs a command here, as manage.py does, in the settings of the test's site."""
    settings.MEDIA_ROOT = site.media_root
    settings.BACKUP_STORAGE_URL = site.store_url
    # A command closes them at its end; the test's own one is in a transaction.
    monkeypatch.setattr(connections, "close_all", lambda: None)

    def run(name, *arguments, stdin="", **database):
        for key, value in {"NAME": site.database.name, **database}.items():
            monkeypatch.setitem(settings.DATABASES["default"], key, value)
        monkeypatch.setattr("sys.stdin", StringIO(stdin))
        status = 0
        try:
            load_command_class("socle.backups", name).run_from_argv(
                ["manage.py", name, *arguments]
            )
        except SystemExit as ended:
            status = ended.code
        out, err = capsys.readouterr()
        return status, out, err

    return run


@pytest.fixture
def untouched(site):
    """A check that nothing live changed and nothing was left beside it."""

    @contextmanager
    def check():
        before = (picture(site.media_root), execute(site.database, FINGERPRINT))
        yield
        assert before == (
            picture(site.media_root),
            execute(site.database, FINGERPRINT),
        )
        assert list(site.media_root.parent.iterdir()) == [site.media_root]
        for kind in ("restore", "before"):
            assert databases_of(site.database, kind=kind) == []

    return check
