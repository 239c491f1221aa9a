"""Which rows break a constraint: how many, and the keys of the first ones."""

from typing import Any

from psycopg2 import sql

EXAMPLES = 3
_FOREIGN_KEY = """
    SELECT confrelid::regclass::text, array_agg(quote_ident(a.attname) ORDER BY k.n),
        array_agg(quote_ident(f.attname) ORDER BY k.n)
    FROM pg_constraint c,
        unnest(c.conkey, c.confkey) WITH ORDINALITY AS k(own, other, n)
    JOIN pg_attribute a ON a.attnum = k.own
    JOIN pg_attribute f ON f.attnum = k.other
    WHERE c.oid = %s AND a.attrelid = c.conrelid AND f.attrelid = c.confrelid
    GROUP BY 1
"""
_KEYS = """
    SELECT array_agg(pg_get_indexdef(i.indexrelid, n, true) ORDER BY n),
        pg_get_expr(i.indpred, i.indrelid),
        COALESCE((to_jsonb(i) ->> 'indnullsnotdistinct')::bool, false)
    FROM pg_index i, generate_series(1, i.indnkeyatts) n
    WHERE i.indexrelid = %s AND i.indisunique GROUP BY 2, 3
"""
_INDEX = """
    SELECT c.oid FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = %s AND c.relname = %s AND c.relkind IN ('i', 'I')
"""
_CONSTRAINT = """
    SELECT c.oid, c.contype, pg_get_expr(c.conbin, c.conrelid)
    FROM pg_constraint c JOIN pg_class r ON r.oid = c.conrelid
    JOIN pg_namespace n ON n.oid = r.relnamespace
    WHERE n.nspname = %s AND r.relname = %s AND c.conname = %s
"""


def failing_rows(
    cursor: Any, *, schema: str, table: str, name: str
) -> tuple[int | None, list[str]]:
    """Of a check or a foreign key, which is there as NOT VALID."""
    cursor.execute(_CONSTRAINT, (schema, table, name))
    oid, kind, expression = cursor.fetchone()
    rows = sql.SQL("FROM {} AS broken WHERE ").format(sql.Identifier(schema, table))
    if kind == "c":
        return _counted(cursor, rows + sql.SQL(f"NOT ({expression})"), shown="broken")
    cursor.execute(_FOREIGN_KEY, (oid,))
    other, own_columns, other_columns = cursor.fetchone()
    own = [f"broken.{column}" for column in own_columns]
    pairs = zip(own, other_columns, strict=True)
    same = " AND ".join(f"{mine} = other.{theirs}" for mine, theirs in pairs)
    there = " AND ".join(f"{column} IS NOT NULL" for column in own)
    missing = f"NOT EXISTS (SELECT 1 FROM {other} AS other WHERE {same})"
    shown = f"ROW({', '.join(own)})"
    return _counted(cursor, rows + sql.SQL(f"{there} AND {missing}"), shown=shown)


def doubled_rows(
    cursor: Any, *, statement: str, schema: str, table: str, name: str
) -> tuple[int | None, list[str]]:
    """
    Of a unique constraint or index, which cannot be made: it is made over no rows, to
    read its columns out of the catalogue, and all of that is taken back.
    """
    whole = sql.Identifier(schema, table)
    cursor.execute("BEGIN; SET LOCAL session_replication_role = replica")
    try:
        cursor.execute(sql.SQL("TRUNCATE ONLY {} CASCADE").format(whole))
        cursor.execute(statement)
        cursor.execute(_INDEX, (schema, name))
        cursor.execute(_KEYS, cursor.fetchone())
        found = cursor.fetchone()
    finally:
        cursor.execute("ROLLBACK")
    if found is None:  # an exclusion: equal is not what it asks for
        return None, []
    keys, predicate, nulls_too = found
    conditions = [] if nulls_too else [f"({key}) IS NOT NULL" for key in keys]
    conditions += [f"({predicate})"] if predicate else []
    listed = ", ".join(f"({key})" for key in keys)
    rows = (
        sql.SQL(f"FROM (SELECT count(*) OVER (PARTITION BY {listed}) AS times, ")
        + sql.SQL(f"ROW({listed}) AS key FROM ONLY ")
        + whole
        + sql.SQL(f" WHERE {' AND '.join(conditions) or 'true'}) AS broken ")
        + sql.SQL("WHERE times > 1")
    )
    return _counted(cursor, rows, shown="key")


def _counted(cursor: Any, rows: sql.Composable, *, shown: str) -> tuple[int, list[str]]:
    cursor.execute(sql.SQL("SELECT count(*) ") + rows)
    number = cursor.fetchone()[0]
    cursor.execute(
        sql.SQL(f"SELECT DISTINCT left({shown}::text, 80) ")
        + rows
        + sql.SQL(f" ORDER BY 1 LIMIT {EXAMPLES}")
    )
    return number, [example for (example,) in cursor.fetchall()]
