"""The two parts of a backup, as they are written."""

from collections.abc import Iterator
from contextlib import closing, contextmanager

from socle.backups.exceptions import DumpFailed, LookAtIt
from socle.backups.format.backup_metadata import (
    DatabasePart,
    MediaPart,
    Skipped,
    StoredPart,
    read_backup,
)
from socle.backups.format.checksums import HashingWriter, upload
from socle.backups.format.compression import CompressingWriter
from socle.backups.format.listing import complete_ids
from socle.backups.format.media_manifest import Earlier
from socle.backups.format.namespace import DUMP, MEDIA, Address
from socle.backups.gc.gc_candidates import Condemned, standing_contents
from socle.backups.media.bucket_backup import BucketKeeper
from socle.backups.media.folder_backup import MediaKeeper, StoredFile, Unchanged
from socle.backups.postgres.catalog_warnings import catalog_warnings
from socle.backups.postgres.connection import major
from socle.backups.postgres.dump import dump_database
from socle.backups.postgres.snapshot import Snapshot, snapshot
from socle.backups.progress import Progress, counted_files, readable_size
from socle.backups.runs.backup_source import BackupSource
from socle.backups.stores import Store, open_store

KEEPING_MEDIA = "Keeping media"


def keep_database(
    site: BackupSource, *, store: Store, to: Address, progress: Progress
) -> DatabasePart:
    """Dump and row counts come from one snapshot: they must agree when restored."""
    tool_version = site.database.tool_version("pg_dump")
    with snapshot(site.database) as view:
        _check_versions(server=view.server_version, tool=tool_version)
        heads = view.migration_heads()
        counter = RowCounter(view, progress=progress)
        counter.before_dump()
        progress.say(f"Dumping {site.database.name}")
        extensions, roles = view.extensions(), view.roles()
        with (
            upload(store, to.folder + DUMP) as target,
            site.keys.encrypting(target) as sealed,
        ):
            plain_bytes = dump_database(
                site.database,
                snapshot_id=view.id,
                target=sealed,
                progress=progress,
                when_locked=counter.during_dump,
            )
    warnings = _warnings(site, progress=progress)
    dump, rows = _stored_part(DUMP, target), counter.rows
    progress.say(
        f"Database: {len(rows)} tables, {sum(rows.values()):,} rows, "
        f"{readable_size(dump.size_bytes)}"
    )
    return DatabasePart(
        name=site.database.name,
        server_version=view.server_version,
        pg_dump_version=tool_version,
        dump=dump,
        uncompressed_bytes=plain_bytes,
        rows=rows,
        migration_heads=heads,
        extensions=extensions,
        roles=roles,
        search_path=view.search_path,
        warnings=warnings,
    )


def _warnings(site: BackupSource, *, progress: Progress) -> list[str]:
    found = catalog_warnings(site.database)
    for words in found:
        progress.warn(words)
    return found


class RowCounter:
    """
    Counts at the one of two moments at which no counted table can be emptied before
    it is dumped: in the snapshot's own transaction, which then holds all locks; or,
    where these are too many for the server, while pg_dump holds its own.
    """

    def __init__(self, view: Snapshot, *, progress: Progress):
        self._view = view
        self._progress = progress
        self._at_once = view.counts_in_one_transaction()
        self.rows: dict[str, int] = {}

    def before_dump(self) -> None:
        if self._at_once:
            self._progress.say("Counting the rows of every table")
            self.rows = self._view.count_rows()

    def during_dump(self) -> None:
        if not self._at_once:
            self._progress.say("Counting the rows of every table, some at a time")
            self.rows = self._view.count_rows_in_batches()


def _check_versions(*, server: str, tool: str) -> None:
    if major(tool) < major(server):
        raise DumpFailed(
            f"pg_dump {tool} is older than the server, {server}, and cannot dump it. "
            f"Install version {major(server)} of the Postgres client tools (in Docker: "
            "set POSTGRES_VERSION in .env and build again), or name their folder as "
            "POSTGRES_BIN."
        )


def keep_media(
    site: BackupSource,
    *,
    store: Store,
    to: Address,
    full: bool,
    progress: Progress,
) -> MediaPart:
    """
    Every file is in the manifest or in `skipped`; new contents are in the store.

    full: read also what has not changed since the last backup.
    """
    progress.say(f"Media in {site.media_place}")
    known, condemned = standing_contents(store, shelf=site.shelf)
    tally = Tally(progress)
    with (
        _keeper(
            site,
            store=store,
            known=known,
            condemned=condemned,
            full=full,
            progress=progress,
        ) as keeper,
        upload(store, to.folder + MEDIA) as target,
        site.keys.encrypting(target) as sealed,
    ):
        compressed = CompressingWriter(sealed)
        for line in tally.counted(keeper.keep_all()):
            compressed.write(line)
        compressed.finish()
    progress.say(
        f"Media: {counted_files(tally.files)}, {readable_size(tally.size_bytes)}; "
        f"new: {counted_files(tally.new_files)}, {readable_size(tally.new_bytes)}"
    )
    return MediaPart(
        manifest=_stored_part(MEDIA, target),
        files=tally.files,
        size_bytes=tally.size_bytes,
        new_files=tally.new_files,
        new_bytes=tally.new_bytes,
        skipped=tally.skipped,
    )


@contextmanager
def _keeper(
    site: BackupSource,
    *,
    store: Store,
    known: set[bytes],
    condemned: dict[str, Condemned],
    full: bool,
    progress: Progress,
) -> Iterator[MediaKeeper | BucketKeeper]:
    if site.media_store_url:
        yield BucketKeeper(
            store,
            media=open_store(site.media_store_url),
            shelf=site.shelf,
            known=known,
            condemned=condemned,
            keys=site.keys,
        )
        return
    with _unchanged(site, store=store, full=full, progress=progress) as unchanged:
        yield MediaKeeper(
            store,
            shelf=site.shelf,
            root=site.media_root,
            known=known,
            condemned=condemned,
            keys=site.keys,
            unchanged=unchanged,
        )


@contextmanager
def _unchanged(
    site: BackupSource, *, store: Store, full: bool, progress: Progress
) -> Iterator[Unchanged | None]:
    """Yields what the newest backup has whose manifest can be read, if there is one."""
    for id_ in [] if full else complete_ids(store, shelf=site.shelf):
        address = Address(store.url, site.shelf, id_)
        try:
            backup = read_backup(store, address, keys=site.keys)
            files = Earlier(backup, store=store)
        except LookAtIt as error:
            progress.say(f"Not compared with an older backup: {error}")
            continue
        with closing(files):
            yield Unchanged(files, began=backup.record.created_at)
        return
    yield None


class Tally:
    """Counts the files while they pass, and makes each one's line."""

    def __init__(self, progress: Progress):
        self._progress = progress
        self.files = self.size_bytes = self.new_files = self.new_bytes = 0
        self.skipped: list[Skipped] = []

    def counted(self, results: Iterator[StoredFile | Skipped]) -> Iterator[bytes]:
        for result in results:
            if isinstance(result, Skipped):
                self.skipped.append(result)
                continue
            self._count(result)
            yield result.file.to_line()

    def _count(self, kept: StoredFile) -> None:
        self.files += 1
        self.size_bytes += kept.file.size_bytes
        if kept.new_bytes is not None:
            self.new_files += 1
            self.new_bytes += kept.new_bytes
        self._progress.moved(
            KEEPING_MEDIA, size_bytes=self.size_bytes, files=self.files
        )


def _stored_part(name: str, written: HashingWriter) -> StoredPart:
    found = written.fingerprint()
    return StoredPart(name, found.size_bytes, found.sha256, found.crc32c)
