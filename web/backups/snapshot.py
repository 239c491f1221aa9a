"""A fixed view of a database, and what can be counted in it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from psycopg2 import sql

from backups.postgres import Database, server_version

# Tables that hold rows of their own and that pg_dump writes out: no views, no
# partitioned parents, nothing that belongs to an extension, nothing temporary.
_TABLES = """
    SELECT n.nspname, c.relname
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind = 'r' AND c.relpersistence <> 't'
      AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
      AND NOT EXISTS (
          SELECT 1 FROM pg_depend d
          WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid
            AND d.deptype = 'e')
    ORDER BY 1, 2
"""
# Of initial privileges, privileges, policies; the owners of default privileges and of
# user mappings. Built-in roles are on every server.
_ROLES = """
    SELECT DISTINCT r.rolname
    FROM pg_shdepend s JOIN pg_roles r ON r.oid = s.refobjid
    JOIN pg_database d ON d.oid = s.dbid AND d.datname = current_database()
    WHERE s.refclassid = 'pg_authid'::regclass AND (
        s.deptype IN ('a', 'i', 'r') OR s.classid IN
        ('pg_default_acl'::regclass, 'pg_user_mapping'::regclass))
      AND r.rolname !~ '^pg_'
    ORDER BY 1
"""
# The transaction waits while pg_dump works; no time limit of the server may end it.
_PATIENT = """
    SET idle_in_transaction_session_timeout = 0;
    SET statement_timeout = 0;
    SET lock_timeout = 0;
    SET row_security = off
"""


class Snapshot:
    """An open REPEATABLE READ transaction. `id` lets pg_dump see exactly the same."""

    def __init__(self, connection: Any):
        self._connection = connection
        self.server_version = server_version(connection)
        self.id = str(self._rows("SELECT pg_export_snapshot()")[0][0])

    def count_rows(self) -> dict[str, int]:
        """The number of rows of each table, by "schema.table"."""
        return {
            f"{schema}.{table}": self._count(schema, table)
            for schema, table in self._rows(_TABLES)
        }

    def extensions(self) -> dict[str, str]:
        """Versions by name, but for plpgsql, which every server has."""
        query = (
            "SELECT extname, extversion FROM pg_extension WHERE extname <> 'plpgsql'"
        )
        return dict(self._rows(query))

    def roles(self) -> list[str]:
        """Those that something in the database names otherwise than as its owner."""
        return [name for (name,) in self._rows(_ROLES)]

    def migration_heads(self) -> dict[str, str]:
        """The last applied migration of each app; empty for a database of others."""
        if not self._rows("SELECT to_regclass('public.django_migrations')")[0][0]:
            return {}
        return dict(
            self._rows(
                "SELECT DISTINCT ON (app) app, name FROM public.django_migrations "
                "ORDER BY app, id DESC"
            )
        )

    def _count(self, schema: str, table: str) -> int:
        query = sql.SQL("SELECT count(*) FROM ONLY {}").format(
            sql.Identifier(schema, table)
        )
        return int(self._rows(query)[0][0])

    def _rows(self, query: Any) -> list[tuple]:
        with self._connection.cursor() as cursor:
            cursor.execute(query)
            return cursor.fetchall()


@contextmanager
def snapshot(database: Database) -> Iterator[Snapshot]:
    """A view of `database` as it is now, until the end of the block."""
    with database.connect(purpose="backup: snapshot") as connection:
        with connection.cursor() as cursor:
            cursor.execute(_PATIENT)
        connection.autocommit = False
        connection.set_session(isolation_level="REPEATABLE READ", readonly=True)
        yield Snapshot(connection)
