"""Whether queries hang: those that wait for a lock which somebody else holds."""

from dataclasses import dataclass
from datetime import datetime

from django.db import connection
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from socle.core.health import commands
from socle.core.health.results import CheckState, Fact, check

HANGS_AFTER_SECONDS = 5  # no statement of the site's own waits so long for a table
QUERY_LENGTH = 60
# Not what holds nobody up (building an index CONCURRENTLY), nor what waits by intent.
_WAITING = """
    SELECT l.pid, l.locktype = 'relation',
        extract(epoch FROM clock_timestamp() - l.waitstart)::int,
        pg_blocking_pids(l.pid)
    FROM pg_locks l JOIN pg_stat_activity a USING (pid)
    WHERE NOT l.granted AND a.datname = current_database()
      AND l.locktype NOT IN ('advisory', 'virtualxid')
      AND l.mode <> 'ShareUpdateExclusiveLock'
      AND l.waitstart < clock_timestamp() - make_interval(secs => %s)
    ORDER BY l.waitstart
    LIMIT 200
"""
_SESSION = """
    SELECT coalesce(nullif(application_name, ''), usename, '?'), xact_start,
        coalesce(query, '')
    FROM pg_stat_activity WHERE pid = %s
"""


@dataclass(frozen=True)
class Wait:
    pid: int
    is_for_table: bool
    seconds: int
    behind: list[int]


@dataclass(frozen=True)
class BlockingSession:
    """One that holds others up. It may wait itself."""

    pid: int
    name: str
    since: datetime | None
    query: str

    def __str__(self) -> str:
        began = f", {self.since:%Y-%m-%d %H:%M:%S %Z}" if self.since else ""
        query = " ".join(self.query.split())
        short = query[:QUERY_LENGTH] + ("…" if len(query) > QUERY_LENGTH else "")
        return f"{self.name}{began}" + (f": {short}" if short else "")


@check(essential=True, remedy=lambda: commands.logs("postgres"))
def locks() -> Fact:
    """One that waits for a row hangs alone; behind one for a table all others queue."""
    waits = waiting()
    if not waits:
        return Fact("locks", CheckState.OK, _("No query waits for a lock."))
    first = session(head_of(waits))
    says = format_lazy(
        _(
            "Queries wait for a lock ({count}, the longest for {seconds} s), behind "
            "process {pid} of Postgres ({who})."
        ),
        count=len(waits),
        seconds=waits[0].seconds,
        pid=first.pid,
        who=first,
    )
    hangs = any(one.is_for_table for one in waits)
    state = CheckState.FAIL if hangs else CheckState.WARN
    return Fact(
        "locks", state, says, commands.manage_as_owner(f"end_session {first.pid}")
    )


def waiting() -> list[Wait]:
    """Those that have waited too long, the longest first."""
    with connection.cursor() as cursor:
        cursor.execute(_WAITING, [HANGS_AFTER_SECONDS])
        return [Wait(*row) for row in cursor.fetchall()]


def head_of(waits: list[Wait]) -> int:
    """
    The process whose end frees most and costs least: one that waits itself and has
    others behind it, such as an ALTER TABLE behind a dump; else who holds the lock.
    """
    themselves = {one.pid for one in waits}
    behind = [pid for one in waits for pid in one.behind]
    queued = [pid for pid in behind if pid in themselves]
    return max(queued or behind or [waits[0].pid], key=behind.count)


def session(pid: int) -> BlockingSession:
    with connection.cursor() as cursor:
        cursor.execute(_SESSION, [pid])
        name, since, query = cursor.fetchone() or ("?", None, "")
    return BlockingSession(pid, name, since, query)
