"""One backup or restore of a database at a time."""

import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import psycopg2

from socle.backups.exceptions import AlreadyRunning, ServerUnavailable
from socle.backups.postgres.connection import MAINTENANCE, Database

_OURS = 0x50C1E  # the first half of the lock's number; the second is the database's
_HOLDER = """
    SELECT a.application_name, a.backend_start::timestamptz(0)
    FROM pg_locks l JOIN pg_stat_activity a USING (pid)
    WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 2
      AND l.classid = %s AND l.objid = %s::bigint
"""
# A long run says nothing in this session; no time limit of the server may end it.
_PATIENT = """
    SET idle_session_timeout = 0;
    SET idle_in_transaction_session_timeout = 0;
    SET statement_timeout = 0
"""


class Lock:
    def __init__(self, connection: Any):
        self._connection = connection

    def check(self) -> None:
        """Raises ServerUnavailable if the server gave the lock up with its session."""
        try:
            with self._connection.cursor() as cursor:
                cursor.execute("SELECT 1")
        except psycopg2.Error as error:
            raise ServerUnavailable(
                f"The connection that held the lock broke: {str(error).strip()}. "
                "Nothing was changed; run it again."
            ) from error

    def is_held(self) -> bool:
        try:
            self.check()
        except ServerUnavailable:
            return False
        return True

    @contextmanager
    def transaction(self) -> Iterator[Any]:
        """
        A cursor whose work is committed at the end of the block, else taken back. It
        is in the session that holds the lock: whoever gets the lock after this one
        finds the transaction over, even when we were killed within the commit.
        """
        self._connection.autocommit = False
        try:
            with self._connection.cursor() as cursor:
                yield cursor
            self._connection.commit()
            self._connection.autocommit = True
        except BaseException:
            with suppress(psycopg2.Error):  # a broken session ends by itself
                self._connection.rollback()
                self._connection.autocommit = True
            raise


@contextmanager
def only_one(database: Database, *, purpose: str) -> Iterator[Lock]:
    """
    Hold the lock of `database` during the block. It is a lock of a session in the
    maintenance database: it dies with its holder, also after kill -9, and the
    database itself can be renamed meanwhile.

    Raises AlreadyRunning, which names the holder and since when.
    """
    # A signed 32-bit number, as pg_try_advisory_lock(int, int) takes it.
    number = _number(database)
    signed = number - (1 << 32) if number >= 1 << 31 else number
    maintenance = database.named(MAINTENANCE)
    with (
        maintenance.connect(purpose=purpose) as connection,
        connection.cursor() as cursor,
    ):
        cursor.execute(_PATIENT)
        cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", (_OURS, signed))
        if not cursor.fetchone()[0]:
            cursor.execute(_HOLDER, (_OURS, number))
            raise AlreadyRunning(_described(cursor.fetchone()))
        try:
            yield Lock(connection)
        finally:
            # At once: the server notices a closed session some milliseconds later.
            with suppress(psycopg2.Error):  # a broken one has given it up already
                cursor.execute("SELECT pg_advisory_unlock(%s, %s)", (_OURS, signed))


def check_free(database: Database) -> None:
    """
    Only look, and hold up nobody. Raises AlreadyRunning, which names the holder and
    since when.
    """
    with (
        database.named(MAINTENANCE).connect() as connection,
        connection.cursor() as cursor,
    ):
        cursor.execute(_HOLDER, (_OURS, _number(database)))
        holder = cursor.fetchone()
    if holder is not None:
        raise AlreadyRunning(_described(holder))


def _number(database: Database) -> int:
    return zlib.crc32(database.name.encode())


def _described(holder: tuple[str, Any] | None) -> str:
    if holder is None:
        return "Another backup or restore ended just now. Run it again."
    who, since = holder
    # The site's own role is not told since when.
    began = f", since {since:%Y-%m-%d %H:%M:%S %Z}" if since else ""
    return (
        f"Another run holds the lock: {who}{began}. Wait for it, then run this again."
    )
