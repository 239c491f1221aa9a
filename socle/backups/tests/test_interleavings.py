"""
A model of backups and prunes that are killed anywhere, lose their lock to one another,
and whose last delete arrives late: no listed backup may ever lack a content.
"""

import os
import shutil
import tempfile
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from unittest import mock

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from socle.backups import services
from socle.backups.exceptions import BackupError, ServerUnavailable
from socle.backups.format.backup_folders import list_folders
from socle.backups.format.backup_metadata import DatabasePart, StoredPart, read_backup
from socle.backups.format.media_manifest import read_manifest
from socle.backups.format.namespace import DUMP, Address
from socle.backups.gc import prune, sweep
from socle.backups.gc.retention import Policy
from socle.backups.media import folder_backup
from socle.backups.postgres.connection import Database
from socle.backups.runs.backup_source import BackupSource
from socle.backups.tests.conftest import QUIET
from socle.backups.tests.memory_store import SHELF, MemoryStore

ONE = Policy(daily=1, weekly=0, monthly=0)
KINDS = st.sampled_from(["backup", "prune"])
CONTENTS = st.sampled_from("12")
# Where a run is interrupted: before which request to the store, or after how many.
STEPS = st.one_of(
    st.sampled_from(
        [
            ("delete", "/media/"),
            ("delete", "/backups/"),
            ("delete", "/sweeps/"),
            ("create", "/sweeps/"),
            ("put", "/media/"),
            ("put", "/backup.json"),
            ("list", "/media/"),
        ]
    ),
    st.integers(min_value=0, max_value=20),
)


class Killed(BaseException):
    """kill -9: no `finally` of the process reaches the store any more."""


class SoleLock:
    """The lock of the database: the server may give one's own to somebody else."""

    def __init__(self):
        self.holder = None

    @contextmanager
    def alone(self, site, *, purpose):
        mine = self.holder = object()
        yield self._Lock(self, mine)

    class _Lock:
        def __init__(self, lock, mine):
            self._lock, self._mine = lock, mine

        def check(self):
            if self._lock.holder is not self._mine:
                raise ServerUnavailable("The connection that held the lock broke.")


def in_turn(work, items, *, threads, ready=lambda item: None):
    for item in items:
        result = ready(item)
        yield work(item) if result is None else result


def keep_database(site, *, store, to, progress):
    stored = store.put(to.folder + DUMP, b"dump")
    dump = StoredPart(DUMP, 4, "0" * 64, stored.crc32c)
    return DatabasePart("socle", "17.6", "17.6", dump, 4, {}, {})


class Nights(RuleBasedStateMachine):
    def __init__(self):
        super().__init__()
        self.store = MemoryStore()
        self.folder = Path(tempfile.mkdtemp(prefix="socle-nights-"))
        self.clock_error = timedelta()
        self.late_deletes = []
        self.writes = 0
        database = Database("socle", "", 0, "", "")
        self.site = BackupSource(
            "socle", "local", database, self.folder, self.store.url
        )
        lock = SoleLock()
        self.patches = [
            mock.patch.object(services, "keep_database", keep_database),
            mock.patch.object(services, "alone", lock.alone),
            mock.patch.object(prune, "alone", lock.alone),
            *(
                mock.patch.object(module, "map_in_threads", in_turn)
                for module in (folder_backup, prune, sweep)
            ),
        ]
        for patch in self.patches:
            patch.start()

    def teardown(self):
        for patch in self.patches:
            patch.stop()
        shutil.rmtree(self.folder)

    @rule(content=CONTENTS, hours=st.sampled_from([24, 48, 49]))
    def night(self, content, hours):
        """As it is meant: one file changes, a backup, a prune."""
        self.write(content)
        self.run("backup")
        self.run("prune")
        self.store.tick(hours=hours)

    @rule(content=CONTENTS)
    def write(self, content):
        (self.folder / "photo").write_text(content)
        self.writes += 1  # each write has a time of its own, long ago
        os.utime(self.folder / "photo", (self.writes, self.writes))

    @rule(hours=st.sampled_from([1, 47, 49]))
    def wait(self, hours):
        self.store.tick(hours=hours)

    @rule(days=st.sampled_from([0, 0, 0, -3, 3]))
    def set_the_clock(self, days):
        """Of the site; the store's goes on."""
        self.clock_error = timedelta(days=days)

    @rule(kind=KINDS)
    def run(self, kind):
        self.store.tick(seconds=1)
        now = self.store.now + self.clock_error
        args = {"store": self.store, "now": now, "progress": QUIET}
        try:
            if kind == "backup":
                services.take_backup(self.site, **args)
            else:
                prune.prune(self.site, policy=ONE, **args)
        except BackupError:
            pass  # a lost lock, or the same second once more

    @rule(kind=KINDS, content=CONTENTS, at=STEPS, late=st.booleans())
    def killed(self, kind, content, at, late):
        """late: the delete that it was killed in is still on its way."""

        def kill(method, name):
            if late and method == "delete":
                found = self.store.objects.get(name)
                self.late_deletes.append((name, found and found[1].generation))
            self.store.before = dead
            raise Killed

        def dead(method, name):
            raise Killed

        self.write(content)
        self._run_with(kind, at=at, event=kill)

    @rule(
        kind=KINDS,
        content=CONTENTS,
        other=st.lists(KINDS, min_size=1, max_size=3),
        at=STEPS,
        hours=st.sampled_from([0, 1, 15]),
    )
    def overtaken(self, kind, content, other, at, hours):
        """Postgres restarts while it runs; others get the lock, one after another."""

        def meanwhile(method, name):
            for one in other:
                self.run(one)
                self.store.tick(hours=hours)

        self.write(content)
        self._run_with(kind, at=at, event=meanwhile)

    def _run_with(self, kind, *, at, event):
        steps = iter(range(at)) if isinstance(at, int) else None

        def is_there(method, name):
            if steps is not None:
                return next(steps, None) is None
            return method == at[0] and at[1] in name

        def before(method, name):
            if is_there(method, name):
                self.store.before = lambda method, name: None
                event(method, name)

        self.store.before = before
        try:
            self.run(kind)
        except Killed:
            pass
        finally:
            self.store.before = lambda method, name: None

    @rule()
    def late_deletes_arrive(self):
        for name, generation in self.late_deletes:
            with suppress(BackupError):
                self.store.delete(name, generation=generation or "none")
        self.late_deletes = []

    @invariant()
    def every_complete_backup_is_whole(self):
        for folder in list_folders(self.store, shelf=SHELF):
            if not folder.is_complete:
                continue
            address = Address(self.store.url, SHELF, folder.id)
            backup = read_backup(self.store, address)
            assert address.folder + DUMP in self.store.objects
            for file in read_manifest(backup, store=self.store):
                blob = SHELF.blob(file.sha256)
                assert blob in self.store.objects, f"{folder.id} lost {file.path}"


TestNights = Nights.TestCase
TestNights.settings = settings(max_examples=80, stateful_step_count=30)
