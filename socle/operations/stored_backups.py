"""The backups in the store, remembered for a minute: a page view must not list it."""

import logging
from dataclasses import dataclass, field
from datetime import datetime

from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from socle.backups.exceptions import BackupError
from socle.backups.format.backup_metadata import Backup
from socle.backups.format.listing import list_backups
from socle.backups.runs.backup_source import BackupSource
from socle.backups.stores import open_store
from socle.core.cache_or_none import recall, remember
from socle.core.health.results import Words

logger = logging.getLogger(__name__)
REMEMBERED_SECONDS = 60
PATIENCE_SECONDS = 5
KEY = "operations:shelf"


@dataclass(frozen=True)
class Night:
    """One complete backup, as the page shows it."""

    url: str
    id: str
    taken_at: datetime
    database_bytes: int
    media_files: int
    media_bytes: int
    new_bytes: int
    seconds: float
    lost_files: int
    encrypted: bool
    proven_at: datetime | None = None
    proof_words: Words = ""
    warnings: tuple[str, ...] = ()
    """What the database's catalogue told that night."""

    @property
    def size_bytes(self) -> int:
        return self.database_bytes + self.media_bytes


@dataclass(frozen=True)
class StoredBackups:
    """Newest first. `problem` says why the store could not be read."""

    nights: list[Night] = field(default_factory=list)
    unreadable: list[str] = field(default_factory=list)
    incomplete: list[str] = field(default_factory=list)
    problem: str = ""


def read_shelf(*, version: str) -> StoredBackups:
    """
    What the store holds; a store that does not answer is asked again a minute later.

    version: of the State; for another one the store is read anew.
    """
    key = f"{KEY}:{version}"
    shelf = recall(key)
    if shelf is None:
        shelf = _read()
        remember(key, shelf, REMEMBERED_SECONDS)
    return shelf


def _read() -> StoredBackups:
    try:
        site = BackupSource.from_settings()
        store = open_store(site.store_url, patience_seconds=PATIENCE_SECONDS)
        listing = list_backups(store, shelf=site.shelf)
    except BackupError as error:
        logger.warning("The operations page could not list the backups: %s", error)
        return StoredBackups(problem=str(error))
    return StoredBackups(
        nights=[_night(backup) for backup in listing.backups],
        unreadable=listing.unreadable,
        incomplete=listing.incomplete,
    )


def _night(backup: Backup) -> Night:
    record, proof = backup.record, backup.proof
    words: Words = ""
    if proof:
        words = format_lazy(
            _(
                "{tables} tables with {rows} rows and {files} files were restored and "
                "compared"
            ),
            tables=proof.tables,
            rows=f"{proof.rows:,}",
            files=f"{proof.files:,}",
        )
    return Night(
        url=backup.url,
        id=backup.address.id,
        taken_at=record.created_at,
        database_bytes=record.database.dump.size_bytes,
        media_files=record.media.files,
        media_bytes=record.media.size_bytes,
        new_bytes=record.new_bytes,
        seconds=record.duration_seconds,
        lost_files=sum(one.needs_a_person for one in record.media.skipped),
        encrypted=bool(record.recipient),
        proven_at=proof.proven_at if proof else None,
        proof_words=words,
        warnings=tuple(record.database.warnings),
    )
