"""Finishes or takes back a swap that was killed; the lock, with that done first."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

import psycopg2

from socle.backups.exceptions import BackupError, LookAtIt
from socle.backups.postgres.connection import MAINTENANCE, Database
from socle.backups.postgres.database_errors import database_errors, words_of
from socle.backups.postgres.subscriptions import disable_subscriptions
from socle.backups.restore.restore_targets import exists
from socle.backups.runs.run_locks import Lock, only_one
from socle.backups.swap.folder_swap import folders_back, folders_forward
from socle.backups.swap.swap_journal import (
    Plan,
    journal_path,
    read_journal,
    remove_journal,
)

logger = logging.getLogger(__name__)


class Swappable(Protocol):
    """What a swap exchanges. A Site is one; web needs no more of it."""

    @property
    def database(self) -> Database: ...

    @property
    def media_root(self) -> Path: ...


@contextmanager
def alone(site: Swappable, *, purpose: str) -> Iterator[Lock]:
    """
    Hold the lock of the site during the block, after what a killed swap left half-done
    is settled. Raises AlreadyRunning, or LookAtIt when it cannot be settled; errors of
    Postgres in the block become a BackupError.
    """
    with database_errors(purpose), only_one(site.database, purpose=purpose) as lock:
        settle(site)
        yield lock


def settle(site: Swappable) -> bool | None:
    """
    Make database and media both the new ones or both the old ones, if a swap was
    begun. Whoever calls this has the lock: the transaction of a swap runs in the
    session that holds the lock, so it is over now, one way or the other.

    Returns whether the new ones are live; None when there was nothing to settle. It
    may be killed itself at any moment and is then done again.
    """
    plan = read_journal(site.media_root)
    if plan is None:
        return None
    done = is_done(plan, site=site)
    if plan.media is not None:
        move = folders_forward if done else folders_back
        move(plan.media, parent=site.media_root.parent)
    if done and plan.database is not None and plan.database.had_live:
        _rest(site.database.named(plan.database.old))
    remove_journal(site.media_root)
    logger.warning(
        "A swap that had been interrupted was %s.",
        "finished" if done else "taken back",
    )
    return done


def _rest(database: Database) -> None:
    """What is kept fetches nothing from a publisher; no swap stays undone for it."""
    try:
        disable_subscriptions(database)
    except (psycopg2.Error, BackupError) as error:
        logger.warning("%s may still fetch: %s", database.name, words_of(error))


def is_done(plan: Plan, *, site: Swappable) -> bool:
    """The database decides, since its two renames are one; else the folder does."""
    if plan.database is None:
        parent = site.media_root.parent
        return plan.media is not None and not (parent / plan.media.new).exists()
    wanted = plan.database
    with (
        site.database.named(MAINTENANCE).connect(purpose="settle") as connection,
        connection.cursor() as cursor,
    ):
        live, new, old = (
            exists(cursor, name) for name in (wanted.live, wanted.new, wanted.old)
        )
    done = old if wanted.had_live else live
    if (wanted.had_live and not live) or (done and new):
        raise LookAtIt(
            "A swap was interrupted, and the databases are not as it left them: "
            f"{wanted.live} {_is(live)}, {wanted.new} {_is(new)}, {wanted.old} "
            f"{_is(old)}. Name the right one {wanted.live} and its media "
            f"{site.media_root}, then delete {journal_path(site.media_root)}."
        )
    return done


def _is(there: bool) -> str:
    return "exists" if there else "does not exist"
