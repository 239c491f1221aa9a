"""
Roles that a dump's privileges and policies name, and the site's own; they live outside
of databases.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import psycopg2
from django.conf import settings
from psycopg2 import sql

from socle.backups.exceptions import RestoreFailed, RestoreRefused, ServerUnavailable
from socle.backups.postgres.connection import MAINTENANCE, Database
from socle.core.site_role import give_rights

NO_EVENT_TRIGGERS = 170000  # the first server that can leave them out


def missing_roles(database: Database, *, wanted: Iterable[str]) -> list[str]:
    with _cursor(database) as cursor:
        cursor.execute("SELECT rolname FROM pg_roles")
        there = {name for (name,) in cursor.fetchall()}
    return sorted(set(wanted) - there)


def check_roles(database: Database, *, wanted: Iterable[str]) -> None:
    """
    A restore makes the missing ones, which may not sign in, so that each privilege
    and policy comes back; leaving those out would lock somebody out without a word.

    Raises RestoreRefused when this user may not make roles.
    """
    missing = missing_roles(database, wanted=wanted)
    if not missing:
        return
    with _cursor(database) as cursor:
        cursor.execute(
            "SELECT rolsuper OR rolcreaterole FROM pg_roles "
            "WHERE rolname = current_user"
        )
        if cursor.fetchone()[0]:
            return
        statements = "; ".join(
            _statement("CREATE ROLE", name, cursor) for name in missing
        )
    raise RestoreRefused(
        "Privileges in the backup name roles that this server does not have, and the "
        f"user {database.user} may not make them. As a superuser, run: {statements}; "
        "then run the restore again."
    )


@contextmanager
def roles_made(
    database: Database, *, wanted: Iterable[str], for_good: bool = True
) -> Iterator[list[str]]:
    """
    Makes the missing roles; they go again if the block raises (or at its end, unless
    `for_good`), but for those that something still names by then.
    """
    made = missing_roles(database, wanted=wanted)
    with _cursor(database) as cursor:
        for name in made:
            cursor.execute(_statement("CREATE ROLE", name, cursor))
    ended_well = False
    try:
        yield made
        ended_well = True
    finally:
        if not (ended_well and for_good):
            _drop(made, database=database)


def let_the_site_in(database: Database) -> None:
    """
    Give the site's role its rights in `database`, which is about to go live: what comes
    from elsewhere, or from before there was such a role, knows nothing of it.

    Raises RestoreFailed.
    """
    if not settings.POSTGRES_SITE_USER:
        return
    try:
        with (
            database.connect(purpose="restore", autocommit=False) as connection,
            connection.cursor() as cursor,
        ):
            cursor.execute("SET TRANSACTION READ WRITE")  # whatever is the rule there
            if connection.server_version >= NO_EVENT_TRIGGERS:
                cursor.execute("SET LOCAL event_triggers = off")
            give_rights(cursor, role=settings.POSTGRES_SITE_USER)
            connection.commit()
    except psycopg2.Error as error:
        raise RestoreFailed(
            f"The role {settings.POSTGRES_SITE_USER} got no rights in {database.name}, "
            f"so the site could not use it: {' '.join(str(error).split())}. The live "
            "database is as it was."
        ) from error


def _drop(names: list[str], *, database: Database) -> None:
    with suppress(psycopg2.Error, ServerUnavailable), _cursor(database) as cursor:
        for name in names:
            cursor.execute(_statement("DROP ROLE", name, cursor))


def _statement(words: str, name: str, cursor: Any) -> str:
    return str(sql.SQL(words + " {}").format(sql.Identifier(name)).as_string(cursor))


@contextmanager
def _cursor(database: Database) -> Iterator[Any]:
    with (
        database.named(MAINTENANCE).connect(purpose="restore") as connection,
        connection.cursor() as cursor,
    ):
        yield cursor
