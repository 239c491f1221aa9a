"""The site's role in Postgres: rows are its to change, and nothing else is."""

import hmac
import os
import subprocess
import sys
from base64 import b64decode
from contextlib import closing
from hashlib import pbkdf2_hmac, sha256
from uuid import uuid4

import psycopg2
import pytest
from django.conf import settings
from psycopg2 import sql

from socle.core.site_role import UnfitRole, give_rights, prepare_role

HOSTILE = [
    "CREATE ROLE intruder SUPERUSER",
    "SELECT rolpassword FROM pg_authid",
    "COPY (SELECT 1) TO PROGRAM 'id'",
    "COPY accounts_user FROM PROGRAM 'id'",
    "COPY accounts_user FROM '/etc/passwd'",
    "SELECT pg_read_file('PG_VERSION')",
    "SELECT pg_ls_dir('.')",
    "SELECT lo_import('/etc/passwd')",
    "CREATE DATABASE elsewhere",
    "ALTER SYSTEM SET fsync = off",
    "SELECT pg_reload_conf()",
    "CREATE FUNCTION f() RETURNS int LANGUAGE c AS 'libc', 'getpid'",
    "CREATE TABLE mine (id int)",
    "CREATE SCHEMA mine",
    "ALTER TABLE accounts_user ADD COLUMN more int",
    "DROP TABLE accounts_user",
    "TRUNCATE accounts_user CASCADE",
    "CREATE TRIGGER t AFTER INSERT ON accounts_user EXECUTE FUNCTION f()",
    "DELETE FROM django_migrations",
    "SET ROLE {owner}",
    "SET SESSION AUTHORIZATION {owner}",
    "ALTER ROLE {owner} PASSWORD 'known'",
    "ALTER ROLE {role} SUPERUSER",
    "GRANT {owner} TO {role}",
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '{owner}'",
]


def connect(name, **other):
    values = settings.DATABASES["default"]
    connection = psycopg2.connect(
        dbname=name,
        host=values["HOST"],
        port=values["PORT"],
        user=other.get("user", values["USER"]),
    )
    connection.autocommit = True
    return connection


@pytest.fixture(scope="module")
def owner():
    """In the maintenance database, as the owner of everything."""
    with closing(connect("postgres")) as connection, connection.cursor() as cursor:
        yield cursor


@pytest.fixture
def empty(owner):
    """A database without a table; its name."""
    name = f"scratch_{uuid4().hex[:12]}"
    owner.execute(f"CREATE DATABASE {name}")
    yield name
    owner.execute(f"DROP DATABASE {name} WITH (FORCE)")


def manage(*arguments, name, as_site=False, **variables):
    environment = os.environ | {"POSTGRES_DB": name} | variables
    if as_site:
        environment["POSTGRES_USER"] = settings.POSTGRES_SITE_USER
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=settings.BASE_DIR,
        env=environment,
        capture_output=True,
        text=True,
    )


@pytest.fixture(scope="module")
def migrated(owner):
    """A database as the stack makes it; its name."""
    name = f"scratch_{uuid4().hex[:12]}"
    owner.execute(f"CREATE DATABASE {name}")
    done = manage("migrate_site", "--verbosity=0", name=name)
    assert done.returncode == 0, done.stderr
    yield name
    owner.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def site(migrated):
    """As web and worker are signed in."""
    role = settings.POSTGRES_SITE_USER
    with closing(connect(migrated, user=role)) as one, one.cursor() as cursor:
        yield cursor


def is_password(password, *, kept):
    """By RFC 5803, as the server compares them; here the socket asks for none."""
    method, rounds, keys = kept.split("$")
    count, salt = rounds.split(":")
    salted = pbkdf2_hmac("sha256", password, b64decode(salt), int(count))
    key = sha256(hmac.digest(salted, b"Client Key", "sha256")).digest()
    return method == "SCRAM-SHA-256" and b64decode(keys.split(":")[0]) == key


def prepare(name, *, role, password="as it is"):
    with closing(connect(name)) as connection, connection.cursor() as cursor:
        connection.autocommit = False
        prepare_role(cursor, role=role, password=password)
        give_rights(cursor, role=role)
        connection.commit()


@pytest.fixture
def role(owner, empty):
    """A name that no role has yet."""
    name = f"site_{uuid4().hex[:12]}"
    yield name
    owner.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [name])
    if owner.fetchone():
        with closing(connect(empty)) as connection, connection.cursor() as cursor:
            cursor.execute(f"DROP OWNED BY {name}")
        owner.execute(f"DROP OWNED BY {name}")
        owner.execute(f"DROP ROLE {name}")


# --- what it may not --------------------------------------------------------------


@pytest.mark.parametrize("statement", HOSTILE)
def test_it_may_do_no_more_than_change_rows(site, statement):
    words = {
        "owner": settings.DATABASES["default"]["USER"],
        "role": settings.POSTGRES_SITE_USER,
    }
    with pytest.raises(psycopg2.errors.InsufficientPrivilege):
        site.execute(statement.format(**words))


def test_it_is_nothing_but_a_role_that_signs_in(site):
    site.execute(
        "SELECT rolsuper OR rolcreaterole OR rolcreatedb OR rolreplication "
        "OR rolbypassrls, (SELECT count(*) FROM pg_auth_members WHERE member = r.oid) "
        "FROM pg_roles r WHERE rolname = current_user"
    )

    assert site.fetchone() == (False, 0)


# --- what it may ------------------------------------------------------------------


def test_it_may_change_the_rows_of_every_table(site):
    site.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    tables = {name for (name,) in site.fetchall()} - {"django_migrations"}
    assert len(tables) > 15

    for name in tables:
        table = sql.Identifier(name)
        site.execute(sql.SQL("DELETE FROM {} WHERE false").format(table))
        site.execute(sql.SQL("SELECT 1 FROM {} FOR UPDATE LIMIT 1").format(table))
        site.execute("SELECT has_table_privilege(%s, 'INSERT')", [f'"{name}"'])
        assert site.fetchone() == (True,), name
    site.execute("SELECT count(*) FROM django_migrations")


def test_a_row_gets_its_number(site):
    site.execute("INSERT INTO auth_group (name) VALUES ('sailors') RETURNING id")
    assert site.fetchone()[0] > 0
    site.execute("DELETE FROM auth_group WHERE name = 'sailors'")


def test_what_the_owner_makes_later_is_there_for_it_at_once(migrated, site):
    with closing(connect(migrated)) as owner, owner.cursor() as cursor:
        cursor.execute("CREATE SCHEMA later CREATE TABLE one (id serial, words text)")
    site.execute("INSERT INTO later.one (words) VALUES ('there') RETURNING id")

    assert site.fetchone() == (1,)


# --- installations that are there already -----------------------------------------


def test_tables_of_before_it_was_there_are_given_to_it(owner, empty, role):
    with closing(connect(empty)) as connection, connection.cursor() as cursor:
        cursor.execute('CREATE SCHEMA "Odd ""name"""')
        cursor.execute('CREATE TABLE "Odd ""name""".photo (id serial, name text)')
        cursor.execute("CREATE TABLE visit (day int) PARTITION BY LIST (day)")
        cursor.execute("CREATE TABLE visit_1 PARTITION OF visit FOR VALUES IN (1)")
        cursor.execute("CREATE MATERIALIZED VIEW days AS SELECT day FROM visit")
    prepare(empty, role=role)

    with closing(connect(empty, user=role)) as one, one.cursor() as cursor:
        cursor.execute('INSERT INTO "Odd ""name""".photo (name) VALUES (1)')
        cursor.execute("INSERT INTO visit VALUES (1)")
        cursor.execute("SELECT count(*) FROM visit_1")
        assert cursor.fetchone() == (1,)
        cursor.execute("SELECT count(*) FROM days")


def test_a_second_time_changes_no_right(empty, role):
    with closing(connect(empty)) as connection, connection.cursor() as cursor:
        cursor.execute("CREATE TABLE django_migrations (id int)")
        cursor.execute("CREATE TABLE photo (id int)")
        rights = "SELECT relname, relacl::text, xmin::text FROM pg_class WHERE relkind "
        rights += "= 'r' AND relnamespace = 'public'::regnamespace ORDER BY 1"
        prepare(empty, role=role)
        cursor.execute(rights)
        before = cursor.fetchall()
        prepare(empty, role=role)
        cursor.execute(rights)

        assert cursor.fetchall() == before
    assert f"{role}=r/" in before[0][1]


def test_a_role_that_a_restore_made_can_sign_in_again(owner, empty, role):
    owner.execute(f"CREATE ROLE {role}")
    prepare(empty, role=role)

    connect(empty, user=role).close()
    owner.execute("SELECT rolpassword FROM pg_authid WHERE rolname = %s", [role])
    assert is_password(b"as it is", kept=owner.fetchone()[0])


def test_it_waits_for_no_lock_of_a_backup_that_runs(empty, role):
    with closing(connect(empty)) as connection, connection.cursor() as cursor:
        cursor.execute("CREATE TABLE photo (id int)")
        connection.autocommit = False
        cursor.execute("LOCK TABLE photo IN ACCESS SHARE MODE")
        prepare(empty, role=role)


# --- what is refused --------------------------------------------------------------


@pytest.mark.parametrize(
    "attribute", ["SUPERUSER", "CREATEROLE", "CREATEDB", "REPLICATION", "BYPASSRLS"]
)
def test_nobody_who_may_more_becomes_the_sites_role(owner, empty, role, attribute):
    owner.execute(f"CREATE ROLE {role} {attribute}")

    with pytest.raises(UnfitRole, match="POSTGRES_SITE_USER"):
        prepare(empty, role=role)


def test_without_a_password_the_installer_is_named(empty, role):
    with pytest.raises(UnfitRole, match="install_docker"):
        prepare(empty, role=role, password="")


@pytest.mark.parametrize("command", ["migrate", "migrate_site"])
def test_migrations_say_where_they_run(migrated, command):
    done = manage(command, name=migrated, as_site=True)

    assert done.returncode == 1
    assert "Their owner does it: ./install_local.sh" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_site_may_ask_whether_all_are_applied(migrated):
    done = manage("migrate", "--check", name=migrated, as_site=True)

    assert done.returncode == 0, done.stderr


def test_without_a_role_the_site_goes_on_and_is_told_what_to_run(migrated):
    done = manage("migrate_site", "--verbosity=0", name=migrated, POSTGRES_SITE_USER="")

    assert done.returncode == 0
    assert done.stderr.count("./install_docker.sh gives the site a role") == 1
