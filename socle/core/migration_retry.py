"""
Retry of migrations whose locks are held: pages never queue behind a migration.

A statement that alters a table waits for everybody who reads it (the nightly dump for
hours), and everybody who comes later waits behind it. So it waits for half a second,
gives its place in the queue up, and tries again once the others have ended.
"""

import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.core.management import CommandError
from django.db import OperationalError
from django.db.migrations import Migration

from socle.core.lock_waits import Blocker, BlockerWatch, wait_until_free, was_cut

FIRST_LOCK_SECONDS = 0.5
MOST_LOCK_SECONDS = 4.0
PAUSES_SECONDS = (1, 2, 5, 10, 20, 30)
TELL_EVERY_SECONDS = 60
_CONCURRENT = re.compile(r"\bCONCURRENTLY\b", re.IGNORECASE)
_BUILT_INDEX = re.compile(
    r'CREATE\s+(?:UNIQUE\s+)?INDEX\s+CONCURRENTLY\s+(?:IF NOT EXISTS\s+)?"?([^"\s]+)',
    re.IGNORECASE,
)
_INVALID = """
    SELECT quote_ident(n.nspname) || '.' || quote_ident(c.relname)
    FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
    JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relname = %s AND NOT i.indisvalid AND pg_table_is_visible(c.oid)
"""


class LockRetry:
    """
    The waits of one run of migrations, all of which may take `wait_seconds` in all.

    A migration in a transaction is taken back as a whole and run again. In one without
    (`atomic = False`) what is done is committed: the statement alone runs again.
    """

    def __init__(
        self,
        connection: Any,
        *,
        wait_seconds: float,
        again: str,
        tell: Callable[[str], None],
        clock: Callable[[], float] = time.monotonic,
    ):
        self.migration: Migration | None = None
        self._connection = connection
        self._again = again
        self._tell = tell
        self._clock = clock
        self._wait_seconds = wait_seconds
        self._waited = 0.0
        self._lock_seconds = FIRST_LOCK_SECONDS
        self._pauses = 0
        self._told: tuple[list[int], float] = ([], float("-inf"))
        self._watch = BlockerWatch(connection)

    @contextmanager
    def running(self) -> Iterator[None]:
        with self._watch, self._connection.execute_wrapper(self._execute):
            try:
                self._set_lock_timeout(self._lock_seconds)
                yield
            finally:
                if self._connection.is_usable():
                    self._run("RESET lock_timeout")

    def after(self, error: OperationalError) -> None:
        """
        Return when it may be tried again. Raises `error` where it is none of a lock,
        CommandError when all patience is used up.
        """
        if not was_cut(error):
            raise error
        if self.migration is not None and not self.migration.atomic:
            raise CommandError(self._half_done(error)) from error
        self._pause(error)

    def _execute(self, execute: Any, sql: Any, params: Any, many: bool, context: Any):
        if self._connection.in_atomic_block:
            return execute(sql, params, many, context)
        while True:
            try:
                if not _CONCURRENT.search(str(sql)):
                    return execute(sql, params, many, context)
                return self._concurrently(execute, sql, params, many, context)
            except OperationalError as error:
                if not was_cut(error):
                    raise
                self._pause(error)

    def _concurrently(self, execute: Any, sql: Any, *rest: Any) -> Any:
        """It holds nobody up, so it may wait. An index that was cut is left invalid."""
        built = _BUILT_INDEX.search(str(sql))
        self._set_lock_timeout(self._left())
        self._watch.on_blocked = self._say
        try:
            for (name,) in self._run(_INVALID, [built[1]]) if built else ():
                self._run(f"DROP INDEX CONCURRENTLY {name}")
            return execute(sql, *rest)
        finally:
            self._watch.on_blocked = None
            self._set_lock_timeout(self._lock_seconds)

    def _pause(self, error: OperationalError) -> None:
        """Return when those who held it up have ended, or after a pause."""
        began = self._clock()
        if self._left() <= 0:
            raise CommandError(self._given_up()) from error
        self._say(self._watch.last)
        pause = PAUSES_SECONDS[min(self._pauses, len(PAUSES_SECONDS) - 1)]
        self._pauses += 1
        free = wait_until_free(
            self._watch.last,
            connection=self._connection,
            most_seconds=min(pause, self._left()),
        )
        if free and self._clock() - began < 1:  # many short ones: a longer turn
            time.sleep(FIRST_LOCK_SECONDS)
            self._lock_seconds = min(2 * self._lock_seconds, MOST_LOCK_SECONDS)
            self._set_lock_timeout(self._lock_seconds)
        self._waited += self._clock() - began

    def _left(self) -> float:
        return self._wait_seconds - self._waited

    def _say(self, blockers: list[Blocker]) -> None:
        """At once of others than before, of the same ones each minute."""
        pids, at = [one.pid for one in blockers], self._clock()
        if pids == self._told[0] and at - self._told[1] < TELL_EVERY_SECONDS:
            return
        self._told = (pids, at)
        self._tell(
            f"Waits for {_named(blockers)}, which holds what {self._name()} changes. "
            "It goes on by itself and the site answers meanwhile; it waits for at most "
            f"{max(1, round(self._left() / 60))} min."
        )

    def _name(self) -> str:
        one = self.migration
        return f"{one.app_label}.{one.name}" if one else "the migration"

    def _given_up(self) -> str:
        return (
            f"{self._name()} was not run: for {self._wait_seconds / 60:.0f} min it "
            f"waited for {_named(self._watch.last)}. {self._state()} When that has "
            f"ended, run: {self._again} (MIGRATION_WAIT_SECONDS is how long it waits.)"
        )

    def _state(self) -> str:
        if self.migration is not None and not self.migration.atomic:
            return (
                "It is no transaction (atomic = False): what it did before that stays, "
                "so see first whether it can be run again."
            )
        return "Nothing of it was done; the migrations before it are."

    def _half_done(self, error: OperationalError) -> str:
        return (
            f"{self._name()} was stopped: {' '.join(str(error).split())}, because of "
            f"{_named(self._watch.last)}. {self._state()} Then run: {self._again}"
        )

    def _set_lock_timeout(self, seconds: float) -> None:
        self._run("SELECT set_config('lock_timeout', %s, false)", [_ms(seconds)])

    def _run(self, sql: str, params: list | None = None) -> list[tuple]:
        """In our own words: it is not tried again."""
        with self._connection.cursor() as cursor, self._connection.wrap_database_errors:
            cursor.cursor.execute(sql, params)
            return cursor.cursor.fetchall() if cursor.description else []


def _ms(seconds: float) -> str:
    return f"{max(1, round(seconds * 1000))}ms"


def _named(blockers: list[Blocker]) -> str:
    """The one whose transaction is the oldest; the others end before, or with it."""
    return str(blockers[0]) if blockers else "another session of the database"
