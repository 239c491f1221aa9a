"""A fixed view of a database, and what can be counted in it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from socle.backups.postgres.connection import Database, server_version
from socle.backups.postgres.row_counts import (
    PATIENT,
    count_in_batches,
    count_rows,
    fits_in_one_transaction,
    tables_of,
)

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


class Snapshot:
    """An open REPEATABLE READ transaction. `id` lets pg_dump see exactly the same."""

    def __init__(self, connection: Any, *, database: Database):
        self._connection = connection
        self._database = database
        self.server_version = server_version(connection)
        self.search_path = str(self._rows("SHOW search_path")[0][0])
        self.id = str(self._rows("SELECT pg_export_snapshot()")[0][0])

    def counts_in_one_transaction(self) -> bool:
        """Whether the server has room for a lock on every table and index."""
        with self._connection.cursor() as cursor:
            return fits_in_one_transaction(cursor)

    def count_rows(self) -> dict[str, int]:
        """By "schema.table". Nobody can empty what was counted, until the end."""
        with self._connection.cursor() as cursor:
            return count_rows(cursor, tables_of(cursor))

    def count_rows_in_batches(self) -> dict[str, int]:
        """The same, while pg_dump holds the locks."""
        with self._connection.cursor() as cursor:
            tables = tables_of(cursor)
        return count_in_batches(self._database, tables=tables, snapshot_id=self.id)

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

    def _rows(self, query: Any) -> list[tuple]:
        with self._connection.cursor() as cursor:
            cursor.execute(query)
            return cursor.fetchall()


@contextmanager
def snapshot(database: Database) -> Iterator[Snapshot]:
    """A view of `database` as it is now, until the end of the block."""
    with database.connect(purpose="backup: snapshot") as connection:
        with connection.cursor() as cursor:
            cursor.execute(PATIENT)
        connection.autocommit = False
        connection.set_session(isolation_level="REPEATABLE READ", readonly=True)
        yield Snapshot(connection, database=database)
