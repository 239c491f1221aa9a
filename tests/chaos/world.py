"""A small site with a real schema, what is told from it, and the runs on it."""

import hashlib
import itertools
import os
import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

from django.conf import settings
from django.core.management import call_command
from django.db import connections

from socle.backups.exceptions import AlreadyRunning
from socle.backups.format.backup_metadata import Backup, read_backup
from socle.backups.format.listing import complete_ids
from socle.backups.format.namespace import Address
from socle.backups.gc.prune import prune
from socle.backups.gc.retention import Policy
from socle.backups.postgres.connection import Database
from socle.backups.progress import Progress
from socle.backups.restore.restore_targets import (
    create_database,
    databases_of,
    drop_database,
)
from socle.backups.restore.run_restore import restore_backup
from socle.backups.runs.backup_source import BackupSource
from socle.backups.runs.run_locks import check_free
from socle.backups.runs.run_recorder import told
from socle.backups.runs.verify import Verifier
from socle.backups.services import take_backup
from socle.backups.stores import Store, open_store
from socle.backups.swap.swap_recovery import alone
from socle.backups.swap.undo_copies import forget, undo_restore

FILES = 30
FILE_BYTES = 20_000
ROWS = 10_000
BEGINNING = datetime(2026, 11, 21, 3, tzinfo=UTC)
# What the runs write down of themselves goes on whatever is restored.
OF_RUNS = {"public.backups_run"}
TEMPLATE = "chaos_template"
EXTRA = f"""
    CREATE TABLE state (word text);
    INSERT INTO state VALUES ('first');
    CREATE TABLE bulk AS
        SELECT n, md5(n::text) AS one, repeat(md5((n + 1)::text), 20) AS two
        FROM generate_series(1, {ROWS}) n;
    SELECT lo_from_bytea(0, 'a large object');
"""


@dataclass
class World:
    site: BackupSource
    log: Path
    patience_seconds: float = 3
    _moments: Iterator[datetime] = field(
        default_factory=lambda: (
            BEGINNING + timedelta(minutes=n) for n in itertools.count()
        )
    )

    @classmethod
    @contextmanager
    def made(cls, folder: Path, *, log: Path | None = None) -> Iterator["World"]:
        database = Database.from_settings().named(f"chaos_{uuid4().hex[:12]}")
        media = folder / "volume" / "live"
        media.mkdir(parents=True)
        url = f"{settings.BACKUP_STORAGE_URL}/{uuid4()}"
        site = BackupSource("socle", "local", database, media, url)
        _copy_template(database)
        settings.DATABASES["default"]["NAME"] = database.name
        settings.MEDIA_ROOT = media
        write_media(media, chance=random.Random(1))
        try:
            yield cls(site, log or folder / "log")
        finally:
            connections.close_all()
            for kind in ("restore", "before"):
                for leftover in databases_of(database, kind=kind):
                    drop_database(leftover)
            drop_database(database)

    # --- What is done, in a child -------------------------------------------

    def store(self) -> Store:
        """A new client each time: none may be shared with a fork."""
        return open_store(self.site.store_url, patience_seconds=self.patience_seconds)

    def next_moment(self) -> datetime:
        return next(self._moments)

    def backup(self, now: datetime) -> None:
        with told("backup"):
            self.take_backup(now)

    def take_backup(self, now: datetime) -> Backup:
        return take_backup(self.site, store=self.store(), now=now, progress=Progress())

    def prune(self, now: datetime, *, policy: Policy) -> None:
        prune(
            self.site, store=self.store(), policy=policy, now=now, progress=Progress()
        )

    def restore(self, address: Address, now: datetime) -> None:
        store = self.store()
        connections.close_all()
        restore_backup(
            read_backup(store, address),
            site=self.site,
            store=store,
            now=now,
            progress=Progress(),
        )

    def undo(self, now: datetime) -> None:
        connections.close_all()
        undo_restore(self.site, now=now, progress=Progress())

    def forget(self) -> None:
        connections.close_all()
        forget(self.site, progress=Progress())

    def settle(self) -> None:
        """What every run does first."""
        with alone(self.site, purpose="look"):
            pass

    # --- What is seen, by the parent ----------------------------------------

    def is_lock_free(self) -> bool:
        try:
            check_free(self.site.database)
        except AlreadyRunning:
            return False
        return True

    def complete_backups(self) -> list[str]:
        return complete_ids(self.store(), shelf=self.site.shelf)

    def damage_of(self, *backup_ids: str) -> list[str]:
        store = self.store()
        verifier = Verifier(store, progress=Progress())
        damage = []
        for backup_id in backup_ids:
            address = Address(store.url, self.site.shelf, backup_id)
            damage += verifier.verify(read_backup(store, address)).damage
        return damage

    def use_another_store(self) -> None:
        """The emulator walks through all that it has for each listing."""
        url = f"{settings.BACKUP_STORAGE_URL}/{uuid4()}"
        self.site = replace(self.site, store_url=url)

    def database_state(self) -> str:
        return state_of(self.site.database)

    def media_state(self) -> str:
        return state_of_media(self.site.media_root)

    def change(self, word: str, *, files: int = FILES) -> None:
        """So that no part of it can be taken for what it was before."""
        with self.site.database.connect() as session, session.cursor() as cursor:
            cursor.execute("UPDATE state SET word = %s", (word,))
        write_media(self.site.media_root, chance=random.Random(word), files=files)


def execute(database: Database, statements: str) -> None:
    with database.connect() as session, session.cursor() as cursor:
        cursor.execute(statements)


def write_media(root: Path, *, chance: random.Random, files: int = FILES) -> None:
    for number in range(files):
        path = root / f"{number % 5}" / f"photo {number}.jpg"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(chance.randbytes(FILE_BYTES + number))
        moment = chance.randrange(1_000_000_000, 1_700_000_000)
        os.utime(path, (moment, moment))


def state_of(database: Database) -> str:
    """One word for all rows of all tables and all large objects."""
    with database.connect(autocommit=False) as session, session.cursor() as cursor:
        cursor.execute(
            # A partition's rows are the whole table's; another server has its own.
            "SELECT format('%I.%I', schemaname, tablename), "
            "schemaname || '.' || tablename FROM pg_tables "
            "JOIN pg_class c ON c.relname = tablename "
            "AND c.relnamespace = quote_ident(schemaname)::regnamespace "
            "WHERE schemaname NOT IN ('pg_catalog', 'information_schema') "
            "AND NOT c.relispartition AND NOT EXISTS (SELECT 1 FROM pg_inherits i "
            "JOIN pg_class f ON f.oid = i.inhrelid AND f.relkind = 'f' "
            "WHERE i.inhparent = c.oid) ORDER BY 1"
        )
        digest = hashlib.sha256()
        for quoted, name in cursor.fetchall():
            if name in OF_RUNS:
                continue
            cursor.execute(
                f"SELECT md5(string_agg(md5(t::text), '' ORDER BY md5(t::text))) "
                f"FROM {quoted} t"
            )
            digest.update(f"{name} {cursor.fetchone()}".encode())
        cursor.execute(
            "SELECT md5(string_agg(md5(lo_get(oid)), '' ORDER BY oid)) "
            "FROM pg_largeobject_metadata"
        )
        digest.update(repr(cursor.fetchone()).encode())
    return digest.hexdigest()


def state_of_media(root: Path) -> str:
    digest = hashlib.sha256()
    for path in sorted(path for path in root.rglob("*") if path.is_file()):
        found = path.stat()
        digest.update(os.fsencode(path.relative_to(root)))
        digest.update(f"{found.st_mtime_ns} {found.st_mode}".encode())
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def _copy_template(database: Database) -> None:
    """Migrating takes seconds, a copy of what was migrated takes none."""
    template = database.named(TEMPLATE)
    with database.named("postgres").connect() as session, session.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", (TEMPLATE,))
        is_there = cursor.fetchone() is not None
    if not is_there:
        create_database(template)
        settings.DATABASES["default"]["NAME"] = TEMPLATE
        connections["default"].settings_dict["NAME"] = TEMPLATE
        call_command("migrate", verbosity=0)
        connections.close_all()
        with template.connect() as session, session.cursor() as cursor:
            cursor.execute(EXTRA)
    connections["default"].settings_dict["NAME"] = database.name
    with database.named("postgres").connect() as session, session.cursor() as cursor:
        cursor.execute(f'CREATE DATABASE "{database.name}" TEMPLATE "{TEMPLATE}"')
