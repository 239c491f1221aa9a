"""Which runs live: each holds a lock in Postgres that dies with its process."""

import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from socle.backups.postgres.connection import MAINTENANCE, Database

_OURS = 0x50C1F  # the first half of the lock's number; the second is the run's
_HELD = """
    SELECT objid::bigint FROM pg_locks
    WHERE locktype = 'advisory' AND granted AND objsubid = 2 AND classid = %s
"""


@contextmanager
def alive(run_id: UUID, *, kind: str, database: Database) -> Iterator[None]:
    """
    Show that the run lives, during the block. The session is in the maintenance
    database, so that a restore may rename `database` meanwhile.

    Raises ServerUnavailable.
    """
    number = _number(run_id)
    signed = number - (1 << 32) if number >= 1 << 31 else number
    with (
        database.named(MAINTENANCE).connect(purpose=kind) as connection,
        connection.cursor() as cursor,
    ):
        cursor.execute("SET idle_session_timeout = 0")
        cursor.execute("SELECT pg_advisory_lock(%s, %s)", (_OURS, signed))
        yield


def living(run_ids: list[UUID], *, database: Database) -> set[UUID]:
    """Those of `run_ids` whose process lives. Raises ServerUnavailable."""
    with (
        database.named(MAINTENANCE).connect() as connection,
        connection.cursor() as cursor,
    ):
        cursor.execute(_HELD, (_OURS,))
        held = {number for (number,) in cursor.fetchall()}
    return {run_id for run_id in run_ids if _number(run_id) in held}


def _number(run_id: UUID) -> int:
    return zlib.crc32(run_id.bytes)
