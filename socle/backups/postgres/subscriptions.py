"""Subscriptions of logical replication: at rest wherever they are not live."""

from dataclasses import dataclass

import psycopg2
from psycopg2 import sql

from socle.backups.exceptions import BackupError
from socle.backups.postgres.connection import MAINTENANCE, Database
from socle.backups.postgres.database_errors import words_of
from socle.backups.progress import Progress

_OF_DATABASE = """
    SELECT s.subname, s.subenabled, s.subslotname
    FROM pg_subscription s JOIN pg_database d ON d.oid = s.subdbid
    WHERE d.datname = %s ORDER BY 1
"""


@dataclass(frozen=True)
class Subscription:
    name: str
    is_enabled: bool
    slot: str | None
    """At the publisher, which keeps what was not fetched until it is dropped there."""


def subscriptions_of(database: Database) -> list[Subscription]:
    with (
        database.named(MAINTENANCE).connect() as connection,
        connection.cursor() as cursor,
    ):
        cursor.execute(_OF_DATABASE, (database.name,))
        return [Subscription(*row) for row in cursor.fetchall()]


def disable_subscriptions(database: Database) -> None:
    """In a database that is kept: two must not fetch from one slot."""
    found = subscriptions_of(database)
    _alter(database, [one for one in found if one.is_enabled], "DISABLE")


def drop_subscriptions(database: Database) -> None:
    """
    Without a word to the publisher: its slot may be in use by the live database.
    Postgres drops no database that has one.
    """
    found = subscriptions_of(database)
    _alter(database, [one for one in found if one.is_enabled], "DISABLE")
    _alter(database, [one for one in found if one.slot], "SET (slot_name = NONE)")
    _execute(
        database,
        [
            sql.SQL("DROP SUBSCRIPTION {}").format(sql.Identifier(one.name))
            for one in found
        ],
    )


def rest_subscriptions(*, live: Database, old: Database, progress: Progress) -> None:
    """
    After a swap: those of the database that is kept stop, and a person is told of
    those that are live now. The swap is done: what is in the way of this is told too.
    """
    try:
        disable_subscriptions(old)
        for words in _advice(live):
            progress.warn(words)
    except (psycopg2.Error, BackupError) as error:
        progress.warn(
            f"Subscriptions of {old.name} may still be enabled: {words_of(error)}. "
            f"Run in it: ALTER SUBSCRIPTION … DISABLE;"
        )


def _advice(database: Database) -> list[str]:
    return [
        f"The subscription {one.name} is disabled. To go on receiving, run in the "
        f"database {database.name}: {_enabling(database, one)}"
        for one in subscriptions_of(database)
        if not one.is_enabled
    ]


def _enabling(database: Database, one: Subscription) -> str:
    with database.connect() as connection:
        name = sql.Identifier(one.name).as_string(connection)
    slot = "" if one.slot else f"ALTER SUBSCRIPTION {name} SET (slot_name = …); "
    return (
        f"{slot}ALTER SUBSCRIPTION {name} ENABLE; "
        f"ALTER SUBSCRIPTION {name} REFRESH PUBLICATION WITH (copy_data = false);"
    )


def _alter(database: Database, which: list[Subscription], words: str) -> None:
    _execute(
        database,
        [
            sql.SQL("ALTER SUBSCRIPTION {} " + words).format(sql.Identifier(one.name))
            for one in which
        ],
    )


def _execute(database: Database, statements: list[sql.Composed]) -> None:
    if not statements:
        return  # also where nobody is let in
    with (
        database.connect(purpose="restore: subscriptions") as connection,
        connection.cursor() as cursor,
    ):
        for statement in statements:
            cursor.execute(statement)
