"""
What the last sweep found in the store and no backup names: written down for the next.

One object, PROJECT/ENVIRONMENT/sweeps/MOMENT-….jsonl.zst, one line a content. The store
overwrites nothing, so each sweep writes a new one and then deletes those before it.
"""

import json
import logging
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from uuid import uuid4

import zstandard

from socle.backups.exceptions import (
    ObjectExists,
    ObjectMissing,
    PruneRefused,
    StoreRefused,
)
from socle.backups.format.compression import CompressingWriter
from socle.backups.format.namespace import BackupNamespace, backup_id
from socle.backups.stores import Store, StoredObject

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Condemned:
    """A content that no backup names, by the store's own clock `since` then."""

    generation: str
    since: datetime


def sweeps_of(shelf: BackupNamespace) -> str:
    return f"{shelf.project}/{shelf.environment}/sweeps/"


def read_condemned(
    store: Store, *, shelf: BackupNamespace
) -> tuple[dict[str, Condemned], list[StoredObject]]:
    """
    By the object's name, and the records that said so. A sweep that was killed leaves
    two records: then only what both condemn counts, and since the later of the two.

    Raises PruneRefused for a record that cannot be read.
    """
    records = list(store.list(sweeps_of(shelf)))
    condemned: dict[str, Condemned] = {}
    for number, record in enumerate(records):
        lines = dict(_read(store, record))
        condemned = _in_both(condemned, lines) if number else lines
    return condemned, records


def _in_both(
    one: dict[str, Condemned], other: dict[str, Condemned]
) -> dict[str, Condemned]:
    return {
        name: Condemned(here.generation, max(here.since, there.since))
        for name, here in one.items()
        if (there := other.get(name)) and there.generation == here.generation
    }


def _read(store: Store, record: StoredObject) -> Iterator[tuple[str, Condemned]]:
    written_at = record.stored_at
    try:
        data = store.read(record.name)
        with zstandard.ZstdDecompressor().stream_reader(data) as plain:
            for line in plain.readall().splitlines():
                name, generation, since = json.loads(line)
                moment = datetime.fromisoformat(since) if since else written_at
                if moment is not None:
                    yield name, Condemned(generation, moment)
    except (zstandard.ZstdError, ValueError, TypeError) as error:
        raise PruneRefused(
            f"{store.url}/{record.name}, the record of the last sweep, cannot be read: "
            f"{error}. Nothing was swept. When it is deleted, the next sweep begins "
            "anew."
        ) from error


def write_condemned(
    store: Store,
    condemned: Mapping[str, tuple[str, datetime | None]],
    *,
    shelf: BackupNamespace,
    now: datetime,
) -> datetime:
    """
    condemned: by name the generation, and since when; None is the time of this record.
    now:       only for the record's name.

    Returns the store's own time. Raises PruneRefused if the store has none.
    """
    name = f"{sweeps_of(shelf)}{backup_id(now)}-{uuid4().hex[:8]}.jsonl.zst"
    with store.create(name) as target:
        compressed = CompressingWriter(target)
        for blob, (generation, since) in condemned.items():
            line = [blob, generation, since.isoformat() if since else None]
            compressed.write(json.dumps(line).encode() + b"\n")
        compressed.finish()
    stored = store.find(name)
    if stored is None or stored.stored_at is None:
        raise PruneRefused(
            f"{store.url} does not say when {name} was stored, so nothing's age is "
            "known and nothing was swept."
        )
    return stored.stored_at


def standing_contents(
    store: Store, *, shelf: BackupNamespace
) -> tuple[set[bytes], dict[str, Condemned]]:
    """
    For a backup: the digests of the contents that it may count on, and by their names
    those that it must `renew` before it sends them, because a sweep may delete them.
    """
    try:
        condemned, _ = read_condemned(store, shelf=shelf)
    except PruneRefused as error:
        logger.warning("%s", error)  # nor can a sweep read it, so it deletes nothing
        condemned = {}
    standing: set[bytes] = set()
    doomed: dict[str, Condemned] = {}
    for found in store.list(shelf.blobs):
        before = condemned.get(found.name)
        if before is not None and before.generation == found.generation:
            doomed[found.name] = before
        elif is_content(found):
            standing.add(digest(found.name))
    return standing, doomed


def renew(store: Store, name: str, *, condemned: Condemned) -> None:
    """
    Take a condemned content away, so that a backup that needs it again can send it:
    then it is another generation, and no sweep that saw the old one deletes it, not
    even one that lost its lock or whose last request is still on its way.
    """
    # An account that may not delete cannot sweep either: then the content stays.
    with suppress(ObjectMissing, ObjectExists, StoreRefused):
        store.delete(name, generation=condemned.generation)


def is_content(found: StoredObject) -> bool:
    """Whatever else somebody put there is not ours."""
    name = found.name.rpartition("/")[2]
    return len(name) == 64 and not set(name) - set("0123456789abcdef")


def digest(name: str) -> bytes:
    """Of a content's name, with or without the folders before it."""
    return bytes.fromhex(name[-64:])
