"""
The database role of what visitors reach: rows are its to change, and nothing else is.

The owner of the tables is a superuser, who may read the server's files and run programs
on it. web and worker sign in as another role, so that a hole in either is not one in
the server: docs/decisions/0025-a-role-for-the-site.md
"""

from typing import Any

from django.conf import settings
from psycopg2 import sql
from psycopg2.extensions import encrypt_password

from socle.core.health.commands import migrating

MAINTENANCE = "postgres"  # where the locks of backups are taken
LOCK_SECONDS = 5
_ATTRIBUTES = """
    SELECT rolcanlogin, rolsuper OR rolcreaterole OR rolcreatedb OR rolreplication
        OR rolbypassrls
    FROM pg_roles WHERE rolname = %s
"""
# Of schemas that are no system's, what this user may give away; extensions give theirs
# themselves. The record of migrations is read alone: whoever migrates is the owner.
_OBJECTS = """
    WITH wanted AS (
        SELECT c.oid, n.nspname, c.relname, c.relkind = 'S' AS is_sequence,
            CASE WHEN c.relkind = 'S' THEN 'USAGE, SELECT, UPDATE'
                WHEN c.relkind = 'm' THEN 'SELECT'
                WHEN c.oid = to_regclass('public.django_migrations') THEN 'SELECT'
                ELSE 'SELECT, INSERT, UPDATE, DELETE' END AS privileges
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S') AND c.relpersistence <> 't'
          AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
          AND pg_has_role(c.relowner, 'USAGE')
          AND NOT EXISTS (
              SELECT FROM pg_depend d
              WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid
                AND d.deptype = 'e')
    )
    SELECT nspname, relname, is_sequence, privileges FROM wanted
    WHERE EXISTS (
        SELECT FROM regexp_split_to_table(privileges, ', ') AS one
        WHERE NOT CASE WHEN is_sequence THEN has_sequence_privilege(%(role)s, oid, one)
            ELSE has_table_privilege(%(role)s, oid, one) END)
"""
_SCHEMAS = """
    SELECT nspname FROM pg_namespace
    WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'
      AND pg_has_role(nspowner, 'USAGE') AND NOT has_schema_privilege(%s, oid, 'USAGE')
"""
_DATABASES = """
    SELECT datname FROM pg_database WHERE datname IN (current_database(), %s)
      AND NOT has_database_privilege(%s, oid, 'CONNECT')
"""
_MAY_CHANGE_MIGRATIONS = """
    SELECT has_table_privilege(%s, to_regclass('public.django_migrations'),
        'INSERT, UPDATE, DELETE')
"""
# Of tables that are made later, by whomever as this owner.
_LATER = {
    "SCHEMAS": "USAGE",
    "TABLES": "SELECT, INSERT, UPDATE, DELETE",
    "SEQUENCES": "USAGE, SELECT, UPDATE",
}


class UnfitRole(Exception):
    """The role that is named cannot be the site's; the text says why, what to do."""


def is_the_sites_own() -> bool:
    """Whether this process has the site's role: it may change rows, and no tables."""
    role = settings.POSTGRES_SITE_USER
    return bool(role) and settings.DATABASES["default"]["USER"] == role


def owners_work() -> str:
    """What to say where the site's role would be refused."""
    return (
        f"Here the site is signed in to the database as {settings.POSTGRES_SITE_USER}, "
        f"which changes rows and no tables. Their owner does it: {migrating()}"
    )


def prepare_role(cursor: Any, *, role: str, password: str) -> None:
    """
    Make `role` where it is missing, and let it sign in with `password`. As the owner,
    in a transaction. Without a password the one that it has stays.

    Raises UnfitRole, and has changed nothing.
    """
    cursor.execute(_ATTRIBUTES, [role])
    found = cursor.fetchone()
    if found and found[1]:
        raise UnfitRole(
            f"The role {role}, which POSTGRES_SITE_USER names, may do more than change "
            "rows (it is a superuser, or may make roles or databases). Name one that "
            "is not there yet: the site makes it."
        )
    can_sign_in = bool(found and found[0])
    if not password and not can_sign_in:
        raise UnfitRole(
            f"The role {role}, which POSTGRES_SITE_USER names, has no password: "
            "POSTGRES_SITE_PASSWORD is empty. Run ./install_docker.sh, which makes one."
        )
    name = sql.Identifier(role)
    if not found:
        cursor.execute(sql.SQL("CREATE ROLE {} LOGIN").format(name))
    elif not can_sign_in:  # made by the restore of a backup that names it
        cursor.execute(sql.SQL("ALTER ROLE {} LOGIN").format(name))
    if password:
        # As the server keeps it: no log of statements shows the password.
        kept = encrypt_password(password, role, scope=cursor.connection)
        cursor.execute(sql.SQL("ALTER ROLE {} PASSWORD %s").format(name), [kept])


def give_rights(cursor: Any, *, role: str) -> None:
    """
    Give `role` what the site needs in this database: rows, of what is there and of what
    is made later. As the owner, in a transaction. What it has stays untouched; on a
    server without such a role nothing happens.
    """
    cursor.execute(_ATTRIBUTES, [role])
    if cursor.fetchone() is None:
        return
    cursor.execute(f"SET LOCAL lock_timeout = '{LOCK_SECONDS}s'")
    to = sql.SQL(" TO {}").format(sql.Identifier(role))
    cursor.execute(_DATABASES, [MAINTENANCE, role])
    for (name,) in cursor.fetchall():
        cursor.execute(_grant("CONNECT ON DATABASE", name) + to)
    cursor.execute(_SCHEMAS, [role])
    for (name,) in cursor.fetchall():
        cursor.execute(_grant("USAGE ON SCHEMA", name) + to)
    cursor.execute(_OBJECTS, {"role": role})
    for schema, name, is_sequence, privileges in cursor.fetchall():
        kind = "SEQUENCE" if is_sequence else "TABLE"
        cursor.execute(_grant(f"{privileges} ON {kind}", schema, name) + to)
    for kind, privileges in _LATER.items():
        cursor.execute(
            sql.SQL(f"ALTER DEFAULT PRIVILEGES GRANT {privileges} ON {kind}") + to
        )
    _take_migrations(cursor, role=role)


def _take_migrations(cursor: Any, *, role: str) -> None:
    """What the privileges of later tables gave it, when the first migration ran."""
    cursor.execute(_MAY_CHANGE_MIGRATIONS, [role])
    if cursor.fetchone()[0]:
        cursor.execute(
            sql.SQL(
                "REVOKE INSERT, UPDATE, DELETE ON public.django_migrations FROM {}"
            ).format(sql.Identifier(role))
        )


def _grant(what: str, *names: str) -> sql.Composable:
    return sql.SQL(f"GRANT {what} ") + sql.Identifier(*names)
