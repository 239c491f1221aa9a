"""What goes live lets the site's own role in, wherever it comes from."""

from dataclasses import replace
from uuid import uuid4

import psycopg2
import pytest

from socle.backups.exceptions import AlreadyRunning
from socle.backups.postgres.connection import MAINTENANCE
from socle.backups.restore import run_restore
from socle.backups.restore.restore_targets import database_exists
from socle.backups.runs.run_locks import check_free, only_one
from socle.backups.services import take_backup
from socle.backups.swap import undo_copies
from socle.backups.swap.database_swap import swap
from socle.backups.swap.undo_copies import kept, undo_restore
from socle.backups.tests.conftest import NEXT_NIGHT, NIGHT, QUIET, execute

RAISES_AT_A_GRANT = """
    CREATE FUNCTION refuse() RETURNS event_trigger LANGUAGE plpgsql
        AS $$ BEGIN RAISE EXCEPTION 'no grants here'; END $$;
    CREATE EVENT TRIGGER refuse ON ddl_command_end WHEN TAG IN ('GRANT')
        EXECUTE FUNCTION refuse()
"""


@pytest.fixture
def role(site, settings):
    """The site's role; no database here has heard of it."""
    name = f"site_{uuid4().hex[:12]}"
    settings.POSTGRES_SITE_USER = name
    maintenance = site.database.named(MAINTENANCE)
    execute(maintenance, f"CREATE ROLE {name} LOGIN")
    yield name
    for database in (site.database, maintenance, *(one.database for one in kept(site))):
        execute(database, f"DROP OWNED BY {name}")
    execute(maintenance, f"DROP ROLE {name}")


def may_write(database, role):
    user = replace(database, user=role)
    try:
        execute(user, "INSERT INTO photo (name) VALUES ('by the site')")
        execute(user, "SELECT count(*) FROM other.photo")
    except psycopg2.errors.InsufficientPrivilege:
        return False
    return True


@pytest.fixture
def let_in_at_the_swap(monkeypatch, role, site):
    """Whether the role was let in when the swap began, a word a swap."""
    seen = []

    def look(plan, **how):
        if plan.database is not None:
            seen.append(may_write(site.database.named(plan.database.new), role))
        swap(plan, **how)

    monkeypatch.setattr(run_restore, "swap", look)
    monkeypatch.setattr(undo_copies, "swap", look)
    return seen


@pytest.fixture
def restored(store):
    def run(backup, *, site):
        run_restore.restore_backup(
            backup, site=site, store=store, now=NEXT_NIGHT, progress=QUIET
        )

    return run


def test_a_backup_of_before_the_role_was_there_lets_it_in(
    site, backup, role, let_in_at_the_swap, restored
):
    assert role not in backup.record.database.roles

    restored(backup, site=site)

    assert let_in_at_the_swap == [True]
    assert may_write(site.database, role)


def test_an_undo_to_before_the_role_was_there_lets_it_in(
    site, backup, role, let_in_at_the_swap, restored
):
    restored(backup, site=site)
    [old] = kept(site)
    assert not may_write(old.database, role)

    undo_restore(site, now=NEXT_NIGHT, progress=QUIET)

    assert let_in_at_the_swap == [True, True]


def test_a_backup_that_names_another_installations_role_lets_this_one_in(
    site, store, role, let_in_at_the_swap, restored
):
    other = f"elsewhere_{uuid4().hex[:12]}"
    execute(site.database, f"CREATE ROLE {other}; GRANT SELECT ON photo TO {other}")
    backup = take_backup(site, store=store, now=NIGHT, progress=QUIET)
    execute(site.database, f"DROP OWNED BY {other}; DROP ROLE {other}")
    try:
        restored(backup, site=site)

        assert let_in_at_the_swap == [True]
        assert execute(
            site.database, f"SELECT rolcanlogin FROM pg_roles WHERE rolname = '{other}'"
        ) == [(False,)]
    finally:
        execute(site.database, f"DROP OWNED BY {other}; DROP ROLE {other}")


def test_an_event_trigger_of_the_backup_keeps_the_site_out_of_nothing(
    site, store, role, let_in_at_the_swap, restored
):
    execute(site.database, RAISES_AT_A_GRANT)
    backup = take_backup(site, store=store, now=NIGHT, progress=QUIET)

    restored(backup, site=site)

    assert let_in_at_the_swap == [True]


def test_a_database_that_is_read_only_by_itself_lets_it_in(
    site, backup, role, restored
):
    restored(backup, site=site)
    [old] = kept(site)
    execute(
        site.database.named(MAINTENANCE),
        f"ALTER DATABASE {old.database.name} SET default_transaction_read_only = on",
    )
    undo_restore(site, now=NEXT_NIGHT, progress=QUIET)

    assert execute(site.database, "SHOW default_transaction_read_only") == [("on",)]
    execute(
        site.database.named(MAINTENANCE),
        f"ALTER DATABASE {site.database.name} RESET default_transaction_read_only",
    )
    assert may_write(site.database, role)


def test_a_server_without_the_role_restores_all_the_same(
    site, backup, settings, restored
):
    settings.POSTGRES_SITE_USER = "nobody_made_it"

    restored(backup, site=site)

    assert database_exists(site.database)


def test_the_role_is_told_who_holds_the_lock(site, role):
    with (
        only_one(site.database, purpose="backup"),
        pytest.raises(AlreadyRunning, match=r"lock: backup on .+\. Wait"),
    ):
        check_free(replace(site.database, user=role))
