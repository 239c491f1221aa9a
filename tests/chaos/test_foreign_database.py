"""A database that is not ours: every kind of object comes back as it was."""

import re
import subprocess
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import pytest
from world import execute, state_of

from backups.places import create_database, databases_of, drop_database
from backups.postgres import MAINTENANCE
from backups.progress import Progress
from backups.restore import restore_backup
from backups.services import take_backup

OBJECTS = Path(__file__).with_name("foreign.sql").read_text()
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


def test_every_kind_of_object_comes_back(foreign, world, tell):
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
