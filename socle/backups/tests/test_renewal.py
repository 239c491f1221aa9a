"""A backup that needs a content which a sweep is about to delete."""

import hashlib
from contextlib import contextmanager

import pytest

from socle.backups import services
from socle.backups.format.media_manifest import read_manifest
from socle.backups.runs.backup_source import BackupSource
from socle.backups.services import take_backup
from socle.backups.tests.conftest import NIGHT, QUIET, names_in
from socle.backups.tests.memory_store import SHELF, MemoryStore
from socle.backups.tests.test_interleavings import keep_database
from socle.backups.tests.test_sweep import run_sweep

CONTENTS = {"small": b"small", "large": b"large" * 1_000_000}


@pytest.fixture
def site(monkeypatch, tmp_path):
    @contextmanager
    def alone(site, *, purpose):
        yield AlwaysHeld()

    class AlwaysHeld:
        def check(self):
            pass

    monkeypatch.setattr(services, "keep_database", keep_database)
    monkeypatch.setattr(services, "alone", alone)
    for name, content in CONTENTS.items():
        (tmp_path / name).write_bytes(content)
    return BackupSource("socle", "local", None, tmp_path, "")


def blob(content):
    return SHELF.blob(hashlib.sha256(content).hexdigest())


@pytest.fixture
def store():
    """With both contents, and a sweep that wrote them down 60 hours ago."""
    store = MemoryStore()
    for content in CONTENTS.values():
        store.put(blob(content), content)
    run_sweep(store)
    store.tick(hours=60)
    return store


def backup_now(site, store):
    return take_backup(site, store=store, now=NIGHT, progress=QUIET)


def test_it_is_sent_anew_so_that_the_delete_does_not_mean_it(site, store):
    seen = {name: found for name, (_, found) in store.objects.items()}
    backup = backup_now(site, store)
    for content in CONTENTS.values():
        found = store.find(blob(content))
        assert found.generation != seen[found.name].generation
    assert backup.record.media.new_files == 2
    assert run_sweep(store).contents == 0
    for file in read_manifest(backup, store=store):
        assert store.read(SHELF.blob(file.sha256)) == CONTENTS[file.path]


def test_what_another_backup_names_is_not_sent_anew(site, store):
    backup_now(site, store)
    store.tick(hours=24)
    run_sweep(store)
    for name in names_in(store, SHELF.backups):
        store.delete(name)
    assert backup_now(site, store).record.media.new_files == 0


def test_a_record_of_a_sweep_that_cannot_be_read_stops_no_backup(site, store):
    (record,) = names_in(store, "socle/local/sweeps/")
    store.delete(record)
    store.put(record, b"?")
    assert backup_now(site, store).record.media.files == 2


def test_a_strange_name_among_the_contents_stops_no_backup(site, store):
    store.put(SHELF.blobs + "ab/notes.txt", b"somebody's")
    assert backup_now(site, store).record.media.files == 2
