"""
The second try of a restore, when pg_restore stopped: as far as the rows allow it.

What pg_restore cannot do in one go is done in steps: the database's own search_path
instead of an empty one; checks only when all rows are there; of the constraints, each
that the rows keep, and a list of the others. One process makes the constraints, so that
the list does not depend on the machine.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from psycopg2 import sql

from socle.backups.exceptions import RestoreFailed
from socle.backups.load.archive import ERRORS_IGNORED, Archive, Pass
from socle.backups.load.constraint_entries import Maker
from socle.backups.load.held_checks import give_back, take_checks
from socle.backups.postgres.connection import Database
from socle.backups.restore.left_out import LeftOut

_FAILED_ENTRY = re.compile(r"from TOC entry (\d+);")
_ERRORS = re.compile(rf"{ERRORS_IGNORED}: (\d+)")
# Those of languages that look names up as they run, and are no extension's.
_FUNCTIONS = """
    SELECT p.oid::regprocedure::text
    FROM pg_proc p JOIN pg_language l ON l.oid = p.prolang
    JOIN pg_namespace n ON n.oid = p.pronamespace
    WHERE p.prokind = 'f' AND l.lanname NOT IN ('c', 'internal')
      AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
      AND NOT COALESCE(p.proconfig::text ~ 'search_path=', false)
      AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.objid = p.oid
            AND d.classid = 'pg_proc'::regclass AND d.deptype = 'e')
    ORDER BY 1
"""


def load_tolerantly(
    archive: Archive,
    *,
    into: Database,
    entries: list[str],
    search_path: str,
    jobs: int,
) -> list[LeftOut]:
    """
    Fill the empty database `into` with `entries` of `archive`. Returns what the rows
    do not allow.

    Raises RestoreFailed, ObjectDamaged, or the driver's errors, for everything else.
    """
    archive.keep_search_path()
    own = into.with_search_path(search_path)

    def how(section: str, **more: Any) -> Pass:
        return Pass((f"--section={section}",), tuple(entries), **more)

    archive.restore(own, how("pre-data", has_data=False))
    checks = take_checks(into)
    with _functions_find_names(into, search_path=search_path):
        archive.restore(own, how("data", jobs=jobs))
        left_out = give_back(into, checks, search_path=search_path)
        failed = _make_the_rest(archive, own, how("post-data", has_data=False))
        again = [line for line in entries if line.split(";")[0] in failed]
        maker = Maker(into, left_out=left_out, search_path=search_path)
        for entry in again:
            maker.make(entry, statement=archive.sql(into, entry))
    return left_out


def _make_the_rest(archive: Archive, database: Database, how: Pass) -> set[str]:
    """Returns the numbers of the entries that failed."""
    failed: set[str] = set()
    errors = ["0"]

    def heard(line: str) -> None:
        failed.update(_FAILED_ENTRY.findall(line))
        errors.extend(_ERRORS.findall(line))

    archive.restore(database, replace(how, stops_at_errors=False), heard=heard)
    if len(failed) != int(errors[-1]):
        raise RestoreFailed(
            f"pg_restore had {errors[-1]} errors, and named {len(failed)} objects that "
            "it could not make. Look into the log of Postgres."
        )
    return failed


@contextmanager
def _functions_find_names(database: Database, *, search_path: str) -> Iterator[None]:
    """
    Postgres itself empties search_path while it builds an index or refreshes a view:
    within the block each function brings its own.
    """
    with database.connect(purpose="restore") as session, session.cursor() as cursor:
        cursor.execute("SET search_path = ''")  # so that each name has its schema
        cursor.execute(_FUNCTIONS)
        names = [name for (name,) in cursor.fetchall()]
        cursor.execute("SELECT set_config('search_path', %s, false)", (search_path,))
        for name in names:
            _alter(cursor, name, "SET search_path FROM CURRENT")
    yield
    with database.connect(purpose="restore") as session, session.cursor() as cursor:
        for name in names:
            _alter(cursor, name, "RESET search_path")


def _alter(cursor: Any, name: str, words: str) -> None:
    # The name is Postgres' own spelling of it, with the types of the arguments.
    cursor.execute(sql.SQL(f"ALTER FUNCTION {name} {words}"))
