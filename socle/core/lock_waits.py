"""Lock waits of Postgres: which session holds up which other one."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from threading import Event, Thread
from typing import Any

from django.db import Error
from psycopg2.errors import DeadlockDetected, LockNotAvailable

WATCH_EVERY_SECONDS = 0.1
# For the names of sessions, whose other facts only their own role may see.
_BLOCKERS = """
    SELECT pid, application_name, usename, xact_start
    FROM unnest(pg_blocking_pids(%s)) AS blocker(pid)
    LEFT JOIN pg_stat_activity USING (pid)
    ORDER BY xact_start NULLS LAST
"""
_STILL_HOLDING = """
    SELECT count(*) FROM pg_locks
    WHERE granted AND locktype IN ('relation', 'transactionid') AND pid = ANY(%s)
"""


@dataclass(frozen=True)
class Blocker:
    """A session that another one waits for. `since`: when its transaction began."""

    pid: int
    name: str
    role: str
    since: datetime | None

    def __str__(self) -> str:
        when = ""
        if self.since is not None:
            moment = self.since.astimezone(UTC)
            when = f" that began at {moment:%Y-%m-%d %H:%M:%S} UTC"
        if self.name.startswith("backup"):
            return f"the backup{when} (process {self.pid} of Postgres)"
        who = self.name or f"the role {self.role}"
        return f"a transaction{when} (process {self.pid} of Postgres, {who})"


def was_cut(error: Error) -> bool:
    """Whether a statement was ended for its wait, and not for what it does."""
    return isinstance(error.__cause__, LockNotAvailable | DeadlockDetected)


def backend_pid(connection: Any) -> int:
    connection.ensure_connection()
    return int(connection.connection.info.backend_pid)


def are_holding(pids: list[int], *, connection: Any) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(_STILL_HOLDING, [pids])
        return bool(cursor.fetchone()[0])


class BlockerWatch:
    """
    Sees from a session of its own for whom `connection` waits: once the wait was cut,
    nobody can say it any more.
    """

    def __init__(self, connection: Any):
        self.last: list[Blocker] = []
        self.on_blocked: Callable[[list[Blocker]], None] | None = None
        self._pid = backend_pid(connection)
        self._own = connection.copy()
        self._own.inc_thread_sharing()
        self._done = Event()
        self._thread = Thread(target=self._watch, daemon=True)

    def __enter__(self) -> "BlockerWatch":
        self._thread.start()
        return self

    def __exit__(self, *_failure: object) -> None:
        self._done.set()
        self._thread.join()

    def _watch(self) -> None:
        try:
            while not self._done.wait(WATCH_EVERY_SECONDS):
                if found := self._blockers():
                    self.last = found
                    if self.on_blocked is not None:
                        self.on_blocked(found)
        except Error:
            pass  # who it was stays unknown; the wait itself is cut all the same
        finally:
            self._own.close()

    def _blockers(self) -> list[Blocker]:
        with self._own.cursor() as cursor:
            cursor.execute(_BLOCKERS, [self._pid])
            rows = cursor.fetchall()
        return [
            Blocker(pid, name or "", role or "", at) for pid, name, role, at in rows
        ]


def wait_until_free(
    blockers: list[Blocker], *, connection: Any, most_seconds: float
) -> bool:
    """True once none of them holds a lock; False after `most_seconds`."""
    pids = [one.pid for one in blockers]
    ends_at = time.monotonic() + most_seconds
    while are_holding(pids, connection=connection):
        left = ends_at - time.monotonic()
        if left <= 0:
            return False
        time.sleep(min(0.25, left))
    return True
