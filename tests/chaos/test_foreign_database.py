"""A database that is not ours: every kind of object comes back as it was."""

import os
import re
import subprocess
import time
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import pytest
from world import execute, state_of

from socle.backups.postgres.connection import MAINTENANCE
from socle.backups.progress import Progress
from socle.backups.restore.restore_targets import (
    create_database,
    databases_of,
    drop_database,
)
from socle.backups.restore.run_restore import restore_backup
from socle.backups.services import take_backup
from socle.backups.swap.undo_copies import forget

OBJECTS = Path(__file__).with_name("foreign.sql").read_text()
# With their indexes more than a server's default has locks for, also of a tenth.
TABLES = int(5000 * max(float(os.environ.get("CHAOS_SHARE", "1")), 0.4))
ROLES = ("chaos reader", "chaos_owner")


@pytest.fixture
def foreign(world):
    """A site whose database holds everything, and media as they are."""
    database = world.site.database.named(f'Foreign "{uuid4().hex[:8]}" é')
    with ExitStack() as stack:
        for role in ROLES:
            stack.callback(_drop_role, database, role)
            execute(database.named(MAINTENANCE), f'CREATE ROLE "{role}" NOLOGIN')
        stack.callback(_drop, database)
        create_database(database)
        execute(database, OBJECTS)
        yield replace(world.site, database=database)


def _drop_role(database, role):
    execute(database.named(MAINTENANCE), f'DROP ROLE IF EXISTS "{role}"')


def _drop(database):
    for kind in ("restore", "before"):
        for leftover in databases_of(database, kind=kind):
            drop_database(leftover)
    drop_database(database)


def schema_of(database) -> list[str]:
    done = subprocess.run(
        [database.tool("pg_dump"), "--schema-only", "--no-owner"],
        env=database.tool_environment(),
        capture_output=True,
        check=True,
        text=True,
    )
    # \restrict has a random word each time.
    kept = re.sub(r"^\\(un)?restrict .*$", "", done.stdout, flags=re.MULTILINE)
    return kept.splitlines()


def taken(foreign, world):
    return take_backup(
        foreign, store=world.store(), now=world.next_moment(), progress=Progress()
    )


def restore(backup, foreign, world):
    restore_backup(
        backup,
        site=foreign,
        store=world.store(),
        now=world.next_moment(),
        progress=Progress(),
    )


@pytest.fixture(params=[1, 4], ids=["one job", "four jobs"])
def jobs(request, monkeypatch):
    processors = set(range(request.param))
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: processors)


def test_every_kind_of_object_comes_back(foreign, world, jobs, tell):
    schema, rows = schema_of(foreign.database), state_of(foreign.database)
    backup = taken(foreign, world)
    execute(foreign.database, "DROP TABLE everything CASCADE; DELETE FROM files")
    assert state_of(foreign.database) != rows
    restore(backup, foreign, world)
    assert schema_of(foreign.database) == schema
    assert state_of(foreign.database) == rows
    tell(f"{len(schema)} lines of schema, {len(backup.record.database.rows)} tables")


def test_it_comes_back_on_a_server_without_its_roles(foreign, world):
    schema = schema_of(foreign.database)
    backup = taken(foreign, world)
    drop_database(foreign.database)
    for role in ROLES:
        _drop_role(foreign.database, role)
    restore(backup, foreign, world)
    assert schema_of(foreign.database) == schema


def test_as_many_tables_as_pg_dump_can_lock(foreign, world, tell):
    """Counting them all at once would take several times the locks that there are."""
    for first in range(0, TABLES, 200):
        execute(
            foreign.database,
            f"""DO $$ BEGIN FOR n IN {first}..{first + 199} LOOP EXECUTE format(
                'CREATE TABLE many_%s (id int PRIMARY KEY, a int UNIQUE, b int UNIQUE)',
                n); END LOOP; END $$""",
        )
    execute(foreign.database, "INSERT INTO many_7 VALUES (1, 2, 3)")
    began = time.monotonic()
    backup = taken(foreign, world)
    restore(backup, foreign, world)
    assert backup.record.database.rows["public.many_7"] == 1
    forget(foreign, progress=Progress())
    tell(f"{TABLES} tables there and back in {time.monotonic() - began:.0f} s")
