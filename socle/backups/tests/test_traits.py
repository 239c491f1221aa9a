"""What belongs to a database as a whole comes from the live one."""

from uuid import uuid4

import psycopg2
import pytest

from socle.backups.postgres.database_properties import give, traits_of
from socle.backups.restore.restore_targets import create_database, drop_database
from socle.backups.tests.conftest import execute

SHOWN = """
    SELECT datconnlimit, datcollate, pg_encoding_to_char(encoding),
        shobj_description(oid, 'pg_database'), pg_get_userbyid(datdba),
        (SELECT array_agg(a::text ORDER BY a::text)
            FROM unnest(datacl) a WHERE a::text NOT LIKE 'postgres=%'),
        (SELECT array_agg(setrole::regrole::text || array_to_string(setconfig, ';')
            ORDER BY setrole) FROM pg_db_role_setting WHERE setdatabase = d.oid)
    FROM pg_database d WHERE datname = current_database()
"""


@pytest.fixture
def role(database):
    name = f"role_{uuid4().hex[:8]}"
    execute(database, f"CREATE ROLE {name}")
    yield name
    drop_database(database)
    execute(database.named("postgres"), f"DROP ROLE {name}")


@pytest.fixture
def other(database):
    other = database.named(f"{database.name}_other")
    yield other
    drop_database(other)


def test_owner_privileges_settings_limit_and_comment_come_along(database, other, role):
    name = database.name
    for statement in (
        f"ALTER DATABASE {name} SET search_path TO \"$user\", public, 'odd, name'",
        f"ALTER DATABASE {name} SET statement_timeout TO '77s'",
        f"ALTER DATABASE {name} SET app.colour TO 'it''s, blue'",
        f"ALTER ROLE {role} IN DATABASE {name} SET work_mem TO '8MB'",
        f"ALTER DATABASE {name} CONNECTION LIMIT 42",
        f"COMMENT ON DATABASE {name} IS 'it''s ours'",
        f"REVOKE ALL ON DATABASE {name} FROM PUBLIC",
        f"GRANT CONNECT, TEMPORARY ON DATABASE {name} TO {role} WITH GRANT OPTION",
        f"ALTER DATABASE {name} OWNER TO {role}",
    ):
        execute(database, statement)
    traits = traits_of(database)
    create_database(other, like=traits)
    assert execute(other, SHOWN) != execute(database, SHOWN)
    give(other, traits)
    assert execute(other, SHOWN) == execute(database, SHOWN)
    assert execute(other, "SHOW search_path") == execute(database, "SHOW search_path")
    drop_database(other)


def test_a_plain_database_gets_nothing_that_it_had_not(database, other):
    traits = traits_of(database)
    create_database(other, like=traits)
    give(other, traits)
    assert execute(other, SHOWN) == execute(database, SHOWN)
    assert execute(
        other, f"SELECT datacl FROM pg_database WHERE datname = '{other.name}'"
    ) == [(None,)]


def test_encoding_and_locale_come_along(database, other):
    drop_database(database)
    execute(
        database.named("postgres"),
        f"CREATE DATABASE {database.name} TEMPLATE template0 ENCODING 'LATIN1' "
        "LC_COLLATE 'C' LC_CTYPE 'C' LOCALE_PROVIDER libc",
    )
    create_database(other, like=traits_of(database))
    assert execute(other, "SHOW server_encoding") == [("LATIN1",)]


@pytest.mark.parametrize(
    ("words", "column"),
    [
        ("LOCALE_PROVIDER icu ICU_LOCALE 'und'", "und"),
        ("LOCALE_PROVIDER builtin BUILTIN_LOCALE 'C.UTF-8'", "C.UTF-8"),
    ],
)
def test_a_locale_of_another_provider_comes_along(database, other, words, column):
    drop_database(database)
    try:
        execute(
            database.named("postgres"),
            f"CREATE DATABASE {database.name} TEMPLATE template0 ENCODING 'UTF8' "
            f"LC_COLLATE 'C' LC_CTYPE 'C' {words}",
        )
    except psycopg2.errors.FeatureNotSupported as error:
        pytest.skip(str(error))  # this build of Postgres has no ICU
    create_database(other, like=traits_of(database))
    query = f"SELECT to_jsonb(d) FROM pg_database d WHERE datname = '{other.name}'"
    row = execute(other, query)[0][0]
    assert column in (row.get("datlocale"), row.get("daticulocale"))


def test_a_database_that_is_gone_has_no_traits(database):
    assert traits_of(database.named("not_there")) is None
