"""A restore fits what it brings to this code, this server and this environment."""

from dataclasses import replace
from uuid import uuid4

import pytest

from socle.backups.exceptions import RestoreFailed, RestoreRefused
from socle.backups.restore.restore_targets import databases_of, drop_database
from socle.backups.restore.run_restore import Choices, restore_backup
from socle.backups.services import take_backup
from socle.backups.tests.conftest import NEXT_NIGHT, NIGHT, QUIET, execute

RUN = """
    INSERT INTO backups_run (id, kind, started_at, outcome, reason, backup_url,
        numbers, progress)
    VALUES (gen_random_uuid(), 'backup', now(), 'done', '{}', '', '{{}}', '')
"""
PEOPLE = """
    INSERT INTO accounts_user (email, password, first_name, last_name, is_staff,
        is_superuser, is_active, date_joined, language)
    VALUES ('ann@example.org', 'hash', 'Ann', 'Archer', false, false, true, now(), ''),
        ('boss@example.org', 'hash', 'Bo', 'Boss', true, true, true, now(), '')
"""


@pytest.fixture
def peopled(django_site):
    execute(django_site.database, PEOPLE)
    return django_site


@pytest.fixture
def of_prod(peopled, store):
    """Taken on PROD, by code that had no history of runs yet."""
    prod = replace(peopled, environment="prod")
    execute(peopled.database, "CREATE SCHEMA aside")
    execute(peopled.database, "ALTER TABLE backups_run SET SCHEMA aside")
    execute(peopled.database, "DELETE FROM django_migrations WHERE app = 'backups'")
    backup = take_backup(prod, store=store, now=NIGHT, progress=QUIET)
    execute(peopled.database, "ALTER TABLE aside.backups_run SET SCHEMA public")
    return backup


@pytest.fixture
def restore_with(site, store):
    def run(backup, progress=QUIET, **choices):
        return restore_backup(
            backup,
            site=site,
            store=store,
            now=NEXT_NIGHT,
            progress=progress,
            choices=Choices(**choices),
        )

    return run


def emails(site):
    return {
        email for (email,) in execute(site.database, "SELECT email FROM accounts_user")
    }


def test_a_backup_of_prod_is_migrated_and_scrubbed_before_it_is_live(
    peopled, of_prod, restore_with
):
    execute(peopled.database, RUN.format("here"))
    restore_with(of_prod, keep=("boss@example.org",))
    found = emails(peopled)
    assert "boss@example.org" in found
    assert "ann@example.org" not in found
    assert any(email.endswith("@example.invalid") for email in found)
    runs = execute(peopled.database, "SELECT reason FROM backups_run")
    assert runs == [("here",)]


def test_people_stay_as_they_are_when_that_is_chosen(peopled, of_prod, restore_with):
    restore_with(of_prod, scrub=False)
    assert emails(peopled) == {"ann@example.org", "boss@example.org"}


def test_a_scrubber_that_fails_stops_the_restore(
    peopled, of_prod, restore_with, monkeypatch
):
    monkeypatch.setattr("socle.backups.restore.post_restore.MANAGE", "no_manage.py")
    with pytest.raises(RestoreFailed, match="no_manage.py"):
        restore_with(of_prod)
    assert emails(peopled) == {"ann@example.org", "boss@example.org"}
    assert databases_of(peopled.database, kind="restore") == []


def test_people_of_the_same_environment_are_left_alone(peopled, store, restore_with):
    backup = take_backup(peopled, store=store, now=NIGHT, progress=QUIET)
    execute(peopled.database, "DELETE FROM accounts_user")
    execute(peopled.database, RUN.format("after the backup"))
    restore_with(backup)
    assert emails(peopled) == {"ann@example.org", "boss@example.org"}
    runs = execute(peopled.database, "SELECT reason FROM backups_run")
    assert runs == [("after the backup",)]


def test_a_backup_of_newer_code_is_refused(backup, restore, untouched):
    heads = {"backups": "0099_later", "gone_app": "0001_initial"}
    database = replace(backup.record.database, migration_heads=heads)
    newer = replace(backup, record=replace(backup.record, database=database))
    with untouched(), pytest.raises(RestoreRefused) as caught:
        restore(newer)
    assert "backups.0099_later" in str(caught.value)
    assert "gone_app" not in str(caught.value)


def test_an_extension_that_the_server_lacks_is_named(backup, restore, untouched):
    needed = {"postgis": "3.5.0", "plpgsql": "1.0"}
    database = replace(backup.record.database, extensions=needed)
    other = replace(backup, record=replace(backup.record, database=database))
    with untouched(), pytest.raises(RestoreRefused, match="needs postgis, and"):
        restore(other)


def test_a_database_without_room_is_refused(backup, restore, untouched):
    database = replace(backup.record.database, uncompressed_bytes=10**18)
    large = replace(backup, record=replace(backup.record, database=database))
    with untouched(), pytest.raises(RestoreRefused, match="needs 2,000,000.0 TB"):
        restore(large)


@pytest.fixture
def reader(site):
    """A role that may read a table, and that a policy names."""
    name = f"reader {uuid4().hex[:8]}"
    execute(site.database, f'CREATE ROLE "{name}"')
    execute(site.database, f'GRANT SELECT ON photo TO "{name}"')
    execute(site.database, f'CREATE POLICY p ON parent TO "{name}" USING (true)')
    yield name
    for kind in ("restore", "before"):
        for leftover in databases_of(site.database, kind=kind):
            drop_database(leftover)
    drop_database(site.database)
    execute(site.database.named("postgres"), f'DROP ROLE IF EXISTS "{name}"')


def forget_role(site, name):
    """As on another server."""
    drop_database(site.database)
    execute(site.database.named("postgres"), f'DROP ROLE "{name}"')


def test_roles_that_privileges_name_are_made_and_may_not_sign_in(
    site, reader, backup, restore
):
    assert backup.record.database.roles == [reader]
    forget_role(site, reader)
    restore(backup)
    query = f"SELECT has_table_privilege('{reader}', 'photo', 'SELECT')"
    assert execute(site.database, query) == [(True,)]
    query = f"SELECT rolcanlogin FROM pg_roles WHERE rolname = '{reader}'"
    assert execute(site.database, query) == [(False,)]


def test_roles_that_were_made_go_when_the_restore_fails(site, reader, backup, restore):
    forget_role(site, reader)
    database = replace(backup.record.database, rows={})
    wrong = replace(backup, record=replace(backup.record, database=database))
    with pytest.raises(RestoreFailed, match="tables differ"):
        restore(wrong)
    query = f"SELECT 1 FROM pg_roles WHERE rolname = '{reader}'"
    assert execute(site.database.named("postgres"), query) == []


def test_roles_that_may_not_be_made_are_named_beforehand(
    site, reader, backup, store, restore
):
    forget_role(site, reader)
    plain = f"plain_{uuid4().hex[:8]}"
    server = site.database.named("postgres")
    execute(server, f"CREATE ROLE {plain} LOGIN")
    try:
        other = replace(site, database=replace(site.database, user=plain))
        with pytest.raises(RestoreRefused, match=f'CREATE ROLE "{reader}"'):
            restore(backup, site=other)
    finally:
        execute(server, f"DROP ROLE {plain}")


def test_without_room_for_the_dump_it_is_streamed(site, backup, restore, monkeypatch):
    monkeypatch.setattr("socle.backups.load.fetched_archive.SPARE_BYTES", 10**18)
    monkeypatch.setattr(
        "socle.backups.load.fetched_archive.FETCHING", None
    )  # of the other way
    execute(site.database, "DELETE FROM other.photo")
    restore(backup)
    assert execute(site.database, "SELECT count(*) FROM photo") == [(500,)]
