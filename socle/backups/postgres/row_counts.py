"""How many rows each table holds, within what the server has room for in locks."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from psycopg2 import sql

from socle.backups.exceptions import RestoreFailed
from socle.backups.postgres.connection import Database

# Tables that hold rows of their own and that pg_dump writes out: no views, no
# partitioned parents, nothing that belongs to an extension, nothing temporary.
_TABLES = """
    SELECT n.nspname, c.relname, rn.nspname || '.' || r.relname
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    LEFT JOIN pg_class r ON c.relispartition AND r.oid = pg_partition_root(c.oid)
    LEFT JOIN pg_namespace rn ON rn.oid = r.relnamespace
    WHERE c.relkind = 'r' AND c.relpersistence <> 't'
      AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
      AND NOT EXISTS (
          SELECT 1 FROM pg_depend d
          WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid
            AND d.deptype = 'e')
    ORDER BY 1, 2
"""
# A count locks the table and each of its indexes, until the transaction ends. The
# server's room is for all of its sessions, and pg_dump needs a lock a table beside.
_LOCKS = """
    SELECT (SELECT count(*) FROM pg_class WHERE relkind IN ('r', 'i')
              AND relnamespace::regnamespace::text !~ '^(pg_|information_schema)'),
        current_setting('max_locks_per_transaction')::int *
        (current_setting('max_connections')::int
         + current_setting('max_prepared_transactions')::int)
"""
# No time limit of the server may end a long count, or one that waits for pg_dump.
PATIENT = """
    SET idle_in_transaction_session_timeout = 0;
    SET statement_timeout = 0;
    SET lock_timeout = 0;
    SET row_security = off
"""
SHARE_OF_LOCKS = 4  # a quarter of the room may be taken
BATCH = 50  # tables a transaction


@dataclass(frozen=True)
class Table:
    schema: str
    name: str
    root: str | None
    """Of a partition: the "schema.table" of the whole."""

    def __str__(self) -> str:
        return f"{self.schema}.{self.name}"


def fits_in_one_transaction(cursor: Any) -> bool:
    cursor.execute(_LOCKS)
    needed, room = cursor.fetchone()
    return bool(needed * SHARE_OF_LOCKS <= room)


def tables_of(cursor: Any) -> list[Table]:
    cursor.execute(_TABLES)
    return [Table(*row) for row in cursor.fetchall()]


def count_rows(cursor: Any, tables: Iterable[Table]) -> dict[str, int]:
    """By "schema.table", without what inherits from it."""
    return {str(table): _count(cursor, table) for table in tables}


def count_in_batches(
    database: Database, *, tables: list[Table], snapshot_id: str
) -> dict[str, int]:
    """
    As of `snapshot_id`, with few locks at a time. Somebody else must hold a lock on
    each table meanwhile: a snapshot does not keep what TRUNCATE takes away.
    """
    rows: dict[str, int] = {}
    with (
        database.connect(purpose="backup: count") as connection,
        connection.cursor() as cursor,
    ):
        cursor.execute(PATIENT)
        for first in range(0, len(tables), BATCH):
            with _as_of(cursor, snapshot_id):
                rows |= count_rows(cursor, tables[first : first + BATCH])
    return rows


def by_whole_table(rows: dict[str, int], *, tables: Iterable[Table]) -> dict[str, int]:
    """
    Partitions added up: which one a row lies in may be another one after a restore
    (by the hash of an enum, say), and none is lost.
    """
    roots = {str(table): table.root for table in tables if table.root}
    whole: dict[str, int] = defaultdict(int)
    for name, number in rows.items():
        whole[roots.get(name, name)] += number
    return dict(whole)


def _count(cursor: Any, table: Table) -> int:
    query = sql.SQL("SELECT count(*) FROM ONLY {}")
    cursor.execute(query.format(sql.Identifier(table.schema, table.name)))
    return int(cursor.fetchone()[0])


def check_rows(database: Database, *, expected: dict[str, int]) -> None:
    """Raises RestoreFailed, which names the first tables that differ."""
    with (
        database.connect(purpose="restore: compare") as connection,
        connection.cursor() as cursor,
    ):
        cursor.execute(PATIENT)
        tables = tables_of(cursor)
        found = by_whole_table(count_rows(cursor, tables), tables=tables)
    expected = by_whole_table(expected, tables=tables)
    if found == expected:
        return
    different = [
        f"{table} has {found.get(table, 'no')} rows instead of "
        f"{expected.get(table, 'no')}"
        for table in sorted(found.keys() | expected.keys())
        if found.get(table) != expected.get(table)
    ]
    raise RestoreFailed(
        "The restored database is not the one that was dumped: "
        f"{'; '.join(different[:5])} ({len(different)} tables differ)."
    )


@contextmanager
def _as_of(cursor: Any, snapshot_id: str) -> Iterator[None]:
    cursor.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
    cursor.execute("SET TRANSACTION SNAPSHOT %s", (snapshot_id,))
    yield
    cursor.execute("COMMIT")
