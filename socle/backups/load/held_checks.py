"""Checks that wait until all rows are there: some of them ask other tables."""

from dataclasses import dataclass
from typing import Any

import psycopg2
from psycopg2 import sql

from socle.backups.postgres.connection import Database
from socle.backups.postgres.violations import failing_rows
from socle.backups.restore.left_out import (
    LeftOut,
    breaks_constraint,
    is_of_the_data,
    reason_of,
)

# pg_dump writes those into the definition of a table or a domain, so that each row is
# checked as it comes; those that are NOT VALID come last of all by themselves.
_CHECKS = """
    SELECT c.oid, c.contypid <> 0, n.nspname, COALESCE(r.relname, t.typname),
        c.conname, pg_get_constraintdef(c.oid), obj_description(c.oid, 'pg_constraint')
    FROM pg_constraint c JOIN pg_namespace n ON n.oid = c.connamespace
    LEFT JOIN pg_class r ON r.oid = c.conrelid
    LEFT JOIN pg_type t ON t.oid = c.contypid
    WHERE c.contype = 'c' AND c.convalidated AND (c.conislocal OR c.contypid <> 0)
      AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
      AND NOT EXISTS (
          SELECT 1 FROM pg_depend d WHERE d.deptype = 'e'
            AND (d.classid, d.objid) IN (('pg_class'::regclass, c.conrelid),
                                         ('pg_type'::regclass, c.contypid)))
    ORDER BY c.oid
"""


@dataclass(frozen=True)
class HeldCheck:
    of_domain: bool
    schema: str
    owner: str
    """The table's or the domain's name."""
    name: str
    definition: str
    comment: str | None

    @property
    def kind(self) -> str:
        return "DOMAIN" if self.of_domain else "TABLE"

    def alter(self, words: str) -> sql.Composed:
        """words: {name} stands for the constraint's."""
        named = sql.SQL(words).format(name=sql.Identifier(self.name))
        owner = sql.Identifier(self.schema, self.owner)
        return sql.SQL(f"ALTER {self.kind} {{}} ").format(owner) + named

    def adding(self, more: str = "") -> sql.Composed:
        return self.alter("ADD CONSTRAINT {name} ") + sql.SQL(self.definition + more)

    def commenting(self) -> sql.Composed:
        on = (
            "CONSTRAINT {} ON DOMAIN {} IS"
            if self.of_domain
            else "CONSTRAINT {} ON {} IS"
        )
        return sql.SQL(f"COMMENT ON {on} {{}}").format(
            sql.Identifier(self.name),
            sql.Identifier(self.schema, self.owner),
            sql.Literal(self.comment),
        )


def take_checks(database: Database) -> list[HeldCheck]:
    """Take them out of a database that has no rows yet."""
    with database.connect(purpose="restore") as session, session.cursor() as cursor:
        cursor.execute("SET search_path = ''")  # so that each name has its schema
        cursor.execute(_CHECKS)
        checks = [HeldCheck(*row[1:]) for row in cursor.fetchall()]
        for check in checks:
            cursor.execute(check.alter("DROP CONSTRAINT {name}"))
    return checks


def give_back(
    database: Database, checks: list[HeldCheck], *, search_path: str
) -> list[LeftOut]:
    """
    Make them again, now over all rows. One that rows break holds for new rows only
    (NOT VALID), and is told of.
    """
    left_out = []
    own = database.with_search_path(search_path)
    with own.connect(purpose="restore") as session, session.cursor() as cursor:
        for check in checks:
            try:
                cursor.execute(check.adding())
            except psycopg2.Error as error:
                if not is_of_the_data(error):
                    raise
                left_out.append(_not_valid(cursor, check, error=error))
            if check.comment is not None:
                cursor.execute(check.commenting())
    return left_out


def _not_valid(cursor: Any, check: HeldCheck, *, error: psycopg2.Error) -> LeftOut:
    cursor.execute(check.adding(" NOT VALID"))
    rows: int | None = None
    examples: list[str] = []
    if breaks_constraint(error) and not check.of_domain:  # else nothing can be counted
        rows, examples = failing_rows(
            cursor, schema=check.schema, table=check.owner, name=check.name
        )
    return LeftOut(
        what=f"the check {check.name} of {check.schema}.{check.owner}",
        reason=reason_of(error),
        rows=rows,
        examples=examples,
        holds_for_new_rows=True,
        statement=check.alter("VALIDATE CONSTRAINT {name};").as_string(cursor),
    )
