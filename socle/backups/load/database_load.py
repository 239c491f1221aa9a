"""The dump of a backup, into an empty database."""

import os
import re
from dataclasses import dataclass
from pathlib import Path

import psycopg2

from socle.backups.exceptions import RestoreFailed
from socle.backups.format.backup_metadata import Backup
from socle.backups.load.archive import Archive, Pass
from socle.backups.load.fetched_archive import open_archive
from socle.backups.load.tolerant_load import load_tolerantly
from socle.backups.postgres.connection import Database
from socle.backups.postgres.database_errors import words_of
from socle.backups.postgres.database_properties import Traits
from socle.backups.postgres.row_counts import check_rows
from socle.backups.progress import Progress, counted
from socle.backups.restore.left_out import LeftOut, summary
from socle.backups.restore.restore_targets import create_database, drop_database
from socle.backups.stores import Store

MOST_JOBS = 4
# They would fire while the rest is built. A comment on one comes after it.
_EVENT_TRIGGER = re.compile(
    r"\d+; \d+ \d+ (EVENT TRIGGER - |(COMMENT|SECURITY LABEL) - EVENT TRIGGER )"
)


@dataclass(frozen=True)
class Loading:
    """How a dump is loaded."""

    into: Database
    folder: Path
    """Where it may lie unpacked meanwhile."""
    spare_bytes: int = 0
    """What must stay free there."""
    like: Traits | None = None
    """What a second try makes the database like."""
    without_broken: bool = False
    """Whether constraints that rows break may be left out."""


def load_database(
    backup: Backup, how: Loading, *, store: Store, progress: Progress
) -> list[LeftOut]:
    """
    Fill the empty database `how.into` with the dump of `backup`, compare the rows of
    every table, then make its event triggers. Returns the constraints left out.

    Raises RestoreFailed, ObjectDamaged, ObjectMissing.
    """
    with open_archive(
        backup,
        database=how.into,
        store=store,
        folder=how.folder,
        spare_bytes=how.spare_bytes,
        progress=progress,
    ) as archive:
        entries = archive.entries(how.into)
        last = [line for line in entries if _EVENT_TRIGGER.match(line)]
        first = [line for line in entries if line not in set(last)]
        left_out = _load(archive, first, backup=backup, how=how, progress=progress)
        progress.say("Comparing the rows of every table")
        check_rows(how.into, expected=backup.record.database.rows)
        if last:
            archive.restore(how.into, Pass(entries=tuple(last), has_data=False))
    return left_out


def jobs() -> int:
    return max(1, min(MOST_JOBS, len(os.sched_getaffinity(0))))


def _load(
    archive: Archive,
    entries: list[str],
    *,
    backup: Backup,
    how: Loading,
    progress: Progress,
) -> list[LeftOut]:
    try:
        archive.restore(how.into, Pass(entries=tuple(entries), jobs=jobs()))
        return []
    except RestoreFailed as error:
        stopped = error
    progress.say(f"{stopped} Trying again, step by step")
    drop_database(how.into)
    create_database(how.into, like=how.like)
    try:
        left_out = load_tolerantly(
            archive,
            into=how.into,
            entries=entries,
            search_path=backup.record.database.search_path,
            jobs=jobs(),
        )
    except psycopg2.Error as error:
        raise RestoreFailed(f"{stopped} A second try: {words_of(error)}.") from error
    if left_out and not how.without_broken:
        raise _broken(left_out, backup=backup)
    if not left_out:
        progress.warn(
            f"A plain pg_restore of this backup stops ({_short(stopped)}); it was "
            "restored step by step, and all of it came back."
        )
    return left_out


def _broken(left_out: list[LeftOut], *, backup: Backup) -> RestoreFailed:
    return RestoreFailed(
        f"Rows in the backup break {counted(len(left_out), 'constraint')} of its "
        f"own: {summary(left_out)}. Mend the rows in the live database and back up "
        "again; or, if that is lost, restore all rows without these constraints: "
        f"./google_storage.sh -r {backup.url} --without-broken-constraints"
    )


def _short(error: RestoreFailed) -> str:
    said = re.search(r"(ERROR|error): .*", str(error))
    return (said[0] if said else str(error))[:300]
