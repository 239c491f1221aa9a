"""What happened here stays known: the rows of runs outlive the database's exchange."""

import logging
from tempfile import SpooledTemporaryFile
from typing import Any

import psycopg2
from psycopg2 import sql

from socle.backups.postgres.connection import Database

logger = logging.getLogger(__name__)

TABLE = "backups_run"
MEMORY_BYTES = 1 << 20


def carry_history(*, source: Database, target: Database) -> None:
    """
    Make the rows of runs in `target` those of `source`. Nothing happens where either
    has no such table, or where they do not fit: no restore fails for its history.
    """
    try:
        _copy(source=source, target=target)
    except psycopg2.Error as error:
        logger.warning("The history of runs was not taken along: %s", error)


def _copy(*, source: Database, target: Database) -> None:
    with source.connect() as old, target.connect(autocommit=False) as new:
        columns = sorted(_columns(old) & _columns(new))
        if not columns:
            return
        names = sql.SQL(", ").join(map(sql.Identifier, columns))
        table = sql.Identifier("public", TABLE)
        reading = sql.SQL("COPY (SELECT {} FROM {}) TO STDOUT").format(names, table)
        writing = sql.SQL("COPY {} ({}) FROM STDIN").format(table, names)
        with (
            SpooledTemporaryFile(MEMORY_BYTES) as rows,
            old.cursor() as reader,
            new.cursor() as writer,
        ):
            reader.copy_expert(reading, rows)
            rows.seek(0)
            writer.execute(sql.SQL("DELETE FROM {}").format(table))
            writer.copy_expert(writing, rows)
        new.commit()


def _columns(connection: Any) -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT attname FROM pg_attribute WHERE attrelid = to_regclass(%s) "
            "AND attnum > 0 AND NOT attisdropped",
            (f"public.{TABLE}",),
        )
        return {name for (name,) in cursor.fetchall()}
