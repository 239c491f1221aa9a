"""Entries of an archive that failed: made again one by one, as far as rows allow."""

import re
from typing import Any

import psycopg2
from psycopg2 import sql

from socle.backups.exceptions import RestoreFailed
from socle.backups.postgres.connection import Database
from socle.backups.postgres.database_errors import words_of
from socle.backups.postgres.violations import doubled_rows, failing_rows
from socle.backups.restore.left_out import (
    LeftOut,
    breaks_constraint,
    is_of_the_data,
    reason_of,
)

_ENTRY = re.compile(
    r"\d+; \d+ \d+ (?P<kind>FK CONSTRAINT|CHECK CONSTRAINT|CONSTRAINT|INDEX|"
    r"MATERIALIZED VIEW DATA|[A-Z ]+) (?P<rest>.*)"
)
_KINDS = {
    "FK CONSTRAINT": "foreign key",
    "CHECK CONSTRAINT": "check",
    "CONSTRAINT": "constraint",
    "INDEX": "unique index",
}
_CAN_WAIT = {"FK CONSTRAINT", "CHECK CONSTRAINT"}  # may be NOT VALID
# Of what names an index or a constraint that is not there: undefined object, table and
# key, a view that groups by a primary key.
_NEEDS_ANOTHER = ("42704", "42P01", "42830", "42803", "42P10")
_COMPUTED = {"MATERIALIZED VIEW DATA", "INDEX"}


class Maker:
    """left_out: what was so already; what cannot be made is added to it."""

    def __init__(
        self, database: Database, *, left_out: list[LeftOut], search_path: str
    ):
        self._database = database.with_search_path(search_path)
        self._left_out = left_out

    def make(self, entry: str, *, statement: str) -> None:
        """Raises RestoreFailed for what is no fault of the rows."""
        with (
            self._database.connect(purpose="restore") as session,
            session.cursor() as cursor,
        ):
            try:
                cursor.execute(statement)
            except psycopg2.Error as error:
                if session.closed:
                    raise
                kind, name = _parsed(entry)
                if breaks_constraint(error):
                    found = _broken(cursor, kind, statement=statement, error=error)
                elif self._may_go_without(kind, error=error):
                    found = LeftOut(
                        f"{kind.lower()} {name}", reason_of(error), statement
                    )
                else:
                    raise RestoreFailed(
                        f"The dump could not be restored: {kind} {name}: "
                        f"{words_of(error)}."
                    ) from error
                self._left_out.append(found)

    def _may_go_without(self, kind: str, *, error: psycopg2.Error) -> bool:
        state = error.pgcode or ""
        if kind in _COMPUTED:
            return is_of_the_data(error)
        return bool(self._left_out) and state in _NEEDS_ANOTHER


def _broken(
    cursor: Any, kind: str, *, statement: str, error: psycopg2.Error
) -> LeftOut:
    said = error.diag
    where = {
        "schema": said.schema_name,
        "table": said.table_name,
        "name": said.constraint_name,
    }
    what = (
        f"the {_KINDS.get(kind, kind.lower())} {said.constraint_name} of "
        f"{said.schema_name}.{said.table_name}"
    )
    waits = kind in _CAN_WAIT and _made_for_new_rows(cursor, statement)
    if waits:
        rows, examples = failing_rows(cursor, **where)
        statement = (
            sql.SQL("ALTER TABLE {} VALIDATE CONSTRAINT {};")
            .format(
                sql.Identifier(said.schema_name, said.table_name),
                sql.Identifier(said.constraint_name),
            )
            .as_string(cursor)
        )
    elif kind in _CAN_WAIT:
        rows, examples = None, []
    else:
        rows, examples = doubled_rows(cursor, statement=statement, **where)
    return LeftOut(what, reason_of(error), statement, rows, examples, waits)


def _made_for_new_rows(cursor: Any, statement: str) -> bool:
    """A partitioned table's foreign key may not be NOT VALID before Postgres 18."""
    try:
        cursor.execute(statement.rstrip().rstrip(";") + " NOT VALID;")
    except psycopg2.Error:
        return False
    return True


def _parsed(entry: str) -> tuple[str, str]:
    found = _ENTRY.match(entry)
    return (found["kind"], found["rest"]) if found else ("", entry)
