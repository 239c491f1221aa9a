"""What the catalogue tells of a database that a plain pg_restore would stumble over."""

import logging
from typing import Any

import psycopg2

from socle.backups.postgres.connection import Database
from socle.backups.postgres.function_names import functions_by_search_path

logger = logging.getLogger(__name__)
SHOWN = 3
_OURS = "n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'"
# Each yields names; the sentence says what they are and what to do.
_QUERIES = {
    "is not valid, and so is not in the backup. Make it again: REINDEX INDEX "
    "CONCURRENTLY …": (
        "The index",
        f"""SELECT i.indexrelid::regclass::text FROM pg_index i
            JOIN pg_class c ON c.oid = i.indexrelid AND c.relkind = 'i'
            JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE NOT i.indisvalid AND {_OURS} ORDER BY 1""",
    ),
    "is NOT VALID: rows may break it. It comes back as it is. When its rows are right: "
    "ALTER TABLE … VALIDATE CONSTRAINT …": (
        "The constraint",
        f"""SELECT format('%I of %s', c.conname, c.conrelid::regclass)
            FROM pg_constraint c JOIN pg_namespace n ON n.oid = c.connamespace
            WHERE NOT c.convalidated AND c.conrelid <> 0 AND c.contype IN ('c', 'f')
              AND COALESCE((to_jsonb(c) ->> 'conenforced')::bool, true)
              AND c.conparentid = 0 AND {_OURS} ORDER BY 1""",
    ),
    "is not watched, because its triggers are disabled: rows may break it, and a "
    "restore would stop there. Run: ALTER TABLE … ENABLE TRIGGER ALL, then mend the "
    "rows": (
        "The foreign key",
        """SELECT DISTINCT format('%I of %s', c.conname, c.conrelid::regclass)
            FROM pg_trigger t JOIN pg_constraint c ON c.oid = t.tgconstraint
            WHERE t.tgisinternal AND t.tgenabled = 'D' AND c.contype = 'f'
            ORDER BY 1""",
    ),
    "is not installed on this server any more, so the backup cannot be restored here. "
    "Install its package again": (
        "The extension",
        """SELECT extname FROM pg_extension
            WHERE extname NOT IN (SELECT name FROM pg_available_extensions)
            ORDER BY 1""",
    ),
    "comes back disabled, and a person enables it": (
        "The subscription",
        """SELECT quote_ident(s.subname) FROM pg_subscription s
            JOIN pg_database d ON d.oid = s.subdbid
            WHERE d.datname = current_database() ORDER BY 1""",
    ),
    "is prepared and open: no restore can take the database's place. Run COMMIT "
    "PREPARED '…' or ROLLBACK PREPARED '…'": (
        "The transaction",
        """SELECT gid FROM pg_prepared_xacts WHERE database = current_database()
            ORDER BY 1""",
    ),
    "was sorted by another version of its library than the one that runs: indexes may "
    "miss rows, and unique ones may hold two alike. Run REINDEX DATABASE, then ALTER "
    "COLLATION … REFRESH VERSION": (
        "The collation",
        f"""SELECT DISTINCT l.oid::regcollation::text FROM pg_collation l
            JOIN pg_attribute a ON a.attcollation = l.oid AND NOT a.attisdropped
            JOIN pg_class c ON c.oid = a.attrelid
            JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE l.collversion <> pg_collation_actual_version(l.oid) AND {_OURS}
            ORDER BY 1""",
    ),
    "was sorted by another version of the system's collation than the one that runs: "
    "indexes may miss rows, and unique ones may hold two alike. Run REINDEX DATABASE, "
    "then ALTER DATABASE … REFRESH COLLATION VERSION": (
        "The database",
        """SELECT quote_ident(d.datname) FROM pg_database d
            WHERE d.datname = current_database() AND to_jsonb(d) ->> 'datcollversion'
                <> pg_database_collation_actual_version(d.oid)""",
    ),
}


def catalog_warnings(database: Database) -> list[str]:
    """
    Whole sentences; mostly none. No backup fails for them, nor for what is in the way
    of looking.
    """
    try:
        with (
            database.connect(purpose="backup: catalogue") as session,
            session.cursor() as cursor,
        ):
            return [*functions_by_search_path(cursor), *_by_query(cursor)]
    except psycopg2.Error as error:
        logger.warning("The catalogue of %s could not be read: %s", database, error)
        return []


def _by_query(cursor: Any) -> list[str]:
    warnings = []
    for words, (what, query) in _QUERIES.items():
        cursor.execute(query)
        names = [name for (name,) in cursor.fetchall()]
        if names:
            more = f" (and {len(names) - SHOWN:,} more)" if len(names) > SHOWN else ""
            warnings.append(f"{what} {', '.join(names[:SHOWN])}{more} {words}.")
    return warnings
