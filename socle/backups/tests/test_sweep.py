import hashlib
from dataclasses import replace
from datetime import timedelta

import pyrage
import pytest

from socle.backups.exceptions import (
    PruneRefused,
    StoreRefused,
    StoreUnavailable,
)
from socle.backups.format.backup_folders import held
from socle.backups.format.backup_metadata import read_backup
from socle.backups.format.encryption import Keys
from socle.backups.format.namespace import RECORD
from socle.backups.gc.gc_candidates import (
    read_condemned,
    renew,
    sweeps_of,
    write_condemned,
)
from socle.backups.gc.sweep import sweep
from socle.backups.tests.conftest import QUIET, names_in
from socle.backups.tests.memory_store import (
    BEGINNING,
    SHELF,
    AnyLock,
    MemoryStore,
    put_backup,
)


@pytest.fixture
def store():
    return MemoryStore()


def put_content(store, text):
    sha256 = hashlib.sha256(text.encode()).hexdigest()
    store.put(SHELF.blob(sha256), text.encode())
    return sha256


def run_sweep(store, *, lock=None, keys=None):
    # The site's own clock is wrong, and stands still: it must not matter.
    return sweep(
        SHELF,
        store=store,
        keys=keys or Keys(),
        lock=lock or AnyLock(),
        now=BEGINNING - timedelta(days=400),
        progress=QUIET,
    )


def contents(store):
    return {name[-64:] for name in names_in(store, SHELF.blobs)}


def test_a_content_goes_in_two_passes_48_hours_apart(store):
    named, unnamed = put_content(store, "named"), put_content(store, "unnamed")
    put_backup(store, taken=BEGINNING, sha256s=[named])
    store.tick(days=100)
    first = run_sweep(store)
    assert (first.contents, first.waiting) == (0, 1)
    store.tick(hours=47, minutes=59)
    assert (run_sweep(store).contents, contents(store)) == (0, {named, unnamed})
    store.tick(minutes=1)
    second = run_sweep(store)
    assert (second.contents, second.size_bytes, second.waiting) == (1, 7, 0)
    assert contents(store) == {named}
    assert run_sweep(store).waiting == 0


def test_a_content_that_was_named_in_between_begins_anew(store):
    again = put_content(store, "again")
    run_sweep(store)
    store.tick(hours=24)
    address = put_backup(store, taken=store.now, sha256s=[again])
    run_sweep(store)
    for name in names_in(store, address.folder):
        store.delete(name)
    store.tick(hours=30)
    assert run_sweep(store).contents == 0
    store.tick(hours=48)
    assert run_sweep(store).contents == 1


def test_a_content_that_was_sent_again_is_another_one(store):
    sha256 = put_content(store, "twice")
    run_sweep(store)
    store.tick(hours=60)
    store.delete(SHELF.blob(sha256))
    put_content(store, "twice")
    store.tick(hours=60)
    assert run_sweep(store).contents == 0
    assert contents(store) == {sha256}


def test_another_generation_is_another_one_even_if_the_stores_clock_went_back(store):
    sha256 = put_content(store, "twice")
    run_sweep(store)
    store.tick(hours=-9)
    store.delete(SHELF.blob(sha256))
    put_content(store, "twice")
    store.tick(hours=69)
    assert run_sweep(store).contents == 0


def test_a_store_may_name_generations_by_their_content(store):
    """An ETag is the same for the same bytes: the time tells them apart."""
    sha256 = put_content(store, "twice")
    name = SHELF.blob(sha256)
    run_sweep(store)
    store.tick(hours=60)
    data, before = store.objects[name]
    store.objects[name] = (data, replace(before, stored_at=store.now))
    assert run_sweep(store).contents == 0


def test_the_generation_that_was_seen_is_deleted_and_no_later_one(store):
    """A backup without the lock sends it again between our look and our delete."""
    sha256 = put_content(store, "contended")
    name = SHELF.blob(sha256)
    run_sweep(store)
    store.tick(hours=60)

    def meanwhile(method, of):
        if (method, of) == ("delete", name):
            store.before = lambda method, of: None
            condemned, _ = read_condemned(store, shelf=SHELF)
            renew(store, name, condemned=condemned[name])
            put_content(store, "contended")

    store.before = meanwhile
    run_sweep(store)
    assert contents(store) == {sha256}


@pytest.mark.parametrize(
    "damage",
    [
        lambda store, folder: replace_object(store, folder + "backup.json", b"{"),
        lambda store, folder: replace_object(store, folder + "media.jsonl.zst", b"?"),
        lambda store, folder: store.delete(folder + "media.jsonl.zst"),
        lambda store, folder: replace_object(
            store,
            folder + "media.jsonl.zst",
            store.read(folder + "media.jsonl.zst")[:-1],
        ),
    ],
    ids=["record", "manifest", "missing", "truncated"],
)
def test_one_unreadable_manifest_stops_everything(store, damage):
    put_content(store, "unnamed")
    damaged = put_backup(store, taken=BEGINNING)
    store.put(SHELF.folder("2026-11-01T03-00-00Z") + "database.dump.zst", b"left")
    run_sweep(store)
    damage(store, damaged.folder)
    store.tick(hours=60)
    before = dict(store.objects)
    with pytest.raises(PruneRefused, match=rf"Nothing was swept.*{damaged.id}"):
        run_sweep(store)
    assert store.objects == before


def test_a_backup_without_its_key_stops_everything(store, encrypted_backup):
    put_content(store, "unnamed")
    run_sweep(store, keys=encrypted_backup)
    store.tick(hours=60)
    with pytest.raises(PruneRefused, match=r"Nothing was swept.*BACKUP_ENCRYPTION_KEY"):
        run_sweep(store)
    assert run_sweep(store, keys=encrypted_backup).contents == 1


@pytest.fixture
def encrypted_backup(store):
    keys = Keys((pyrage.x25519.Identity.generate(),))
    address = put_backup(store, taken=BEGINNING)
    record = read_backup(store, address).record
    manifest = address.folder + "media.jsonl.zst"
    sealed = keys.encrypt(store.read(manifest))
    replace_object(store, manifest, sealed)
    part = replace(
        record.media.manifest,
        size_bytes=len(sealed),
        sha256=hashlib.sha256(sealed).hexdigest(),
    )
    record = replace(
        record,
        recipient=keys.recipient,
        media=replace(record.media, manifest=part),
    )
    replace_object(store, address.folder + RECORD, record.to_json())
    return keys


def replace_object(store, name, data):
    store.delete(name)
    store.put(name, data)


def test_leftovers_of_killed_runs_go_after_48_hours(store):
    put_backup(store, taken=BEGINNING)
    folder = SHELF.folder("2026-11-20T03-00-00Z")
    store.put(folder + "database.dump.zst", b"half")
    store.put("socle/local/check-1234", b"left by a test of the store")
    store.put(SHELF.folder("by-hand") + "notes.txt", b"somebody's")
    store.put(SHELF.blobs + "notes.txt", b"somebody's")
    store.tick(hours=47)
    store.put(folder + "media.jsonl.zst", b"young")
    assert run_sweep(store).leftovers == 0
    store.tick(hours=1)
    assert run_sweep(store).leftovers == 1
    store.tick(hours=47)
    assert run_sweep(store).leftovers == 2
    assert [name for name in names_in(store) if "sweeps" not in name] == [
        "socle/local/backups/2026-11-21T03-00-00Z/backup.json",
        "socle/local/backups/2026-11-21T03-00-00Z/database.dump.zst",
        "socle/local/backups/2026-11-21T03-00-00Z/media.jsonl.zst",
        "socle/local/backups/by-hand/notes.txt",
        "socle/local/media/notes.txt",
    ]


def test_what_no_listing_shows_is_left_to_the_store(store):
    store.tick(days=9)
    run_sweep(store)
    before = BEGINNING + timedelta(days=7)
    assert store.tidied == [("socle/local/", before)]


def test_a_store_that_may_not_be_tidied_is_swept_all_the_same(store, monkeypatch):
    def refuse(prefix, *, before):
        raise StoreRefused("403 s3:ListBucketMultipartUploads")

    monkeypatch.setattr(store, "tidy", refuse)
    assert run_sweep(store).contents == 0


def test_a_folder_that_became_a_backup_meanwhile_stays(store):
    address = put_backup(store, taken=BEGINNING)
    record = store.read(address.folder + "backup.json")
    store.delete(address.folder + "backup.json")
    store.tick(hours=60)

    def meanwhile(method, name):
        if method == "create":
            store.before = lambda method, name: None
            store.put(address.folder + "backup.json", record)

    store.before = meanwhile
    assert run_sweep(store).leftovers == 0


def test_the_mark_of_a_reader_counts_for_48_hours(store):
    address = put_backup(store, taken=BEGINNING)
    with held(store, address):
        assert len(names_in(store, address.folder)) == 4
    assert len(names_in(store, address.folder)) == 3
    store.put(f"{address.folder}reading-killed", b"")
    store.tick(hours=47)
    assert run_sweep(store).leftovers == 0
    store.tick(hours=1)
    assert run_sweep(store).leftovers == 1
    assert len(names_in(store, address.folder)) == 3


def test_a_store_that_can_only_be_read_is_read_without_a_mark(store):
    address = put_backup(store, taken=BEGINNING)

    def refuse(method, name):
        raise StoreRefused("only to be read")

    store.before = refuse
    with held(store, address):
        pass


def test_one_record_is_left_whatever_was_killed(store):
    put_content(store, "unnamed")
    for _ in range(3):
        run_sweep(store)
        store.tick(minutes=1)
    assert len(names_in(store, sweeps_of(SHELF))) == 1


def test_two_records_condemn_only_what_both_do_and_since_the_later(store):
    """A sweep was killed before it deleted the record of the one before it."""
    first = put_content(store, "first")
    run_sweep(store)
    (record,) = names_in(store, sweeps_of(SHELF))
    old = store.objects[record]
    store.tick(hours=30)
    second = put_content(store, "second")
    run_sweep(store)
    store.objects[record] = old
    condemned, records = read_condemned(store, shelf=SHELF)
    assert len(records) == 2
    assert {name[-64:]: one.since for name, one in condemned.items()} == {
        first: BEGINNING
    }
    assert second not in condemned


def test_of_two_records_the_later_time_counts(store):
    sha256 = put_content(store, "unnamed")
    found = store.find(SHELF.blob(sha256))
    later = BEGINNING + timedelta(hours=9)
    for since in (later, BEGINNING):
        write_condemned(
            store, {found.name: (found.generation, since)}, shelf=SHELF, now=store.now
        )
    condemned, _ = read_condemned(store, shelf=SHELF)
    assert condemned[found.name].since == later


def test_an_unreadable_record_of_a_sweep_stops_it(store):
    put_content(store, "unnamed")
    store.put(sweeps_of(SHELF) + "2026-11-21T03-00-00Z-1.jsonl.zst", b"?")
    store.tick(hours=60)
    with pytest.raises(PruneRefused, match=r"sweeps/2026-11.*Nothing was swept"):
        run_sweep(store)


@pytest.mark.parametrize("word", ["record", "deletes"])
def test_without_the_lock_nothing_is_deleted(store, word):
    put_content(store, "unnamed")
    run_sweep(store)
    store.tick(hours=60)
    lock = AnyLock()
    lock.fails_at = {"record": 1, "deletes": 2}[word]
    before = contents(store)
    with pytest.raises(ConnectionError):
        run_sweep(store, lock=lock)
    assert contents(store) == before


def test_a_store_that_refuses_to_delete_is_told(store):
    put_content(store, "unnamed")
    run_sweep(store)
    store.tick(hours=60)

    def refuse(method, name):
        if method == "delete":
            raise StoreRefused("403 retention policy")

    store.before = refuse
    with pytest.raises(PruneRefused, match=r"could not be deleted: 403.*-p"):
        run_sweep(store)


def test_a_store_that_is_away_is_no_reason_to_call_a_backup_unreadable(store):
    put_backup(store, taken=BEGINNING)

    def away(method, name):
        if method == "read":
            raise StoreUnavailable("503")

    store.before = away
    with pytest.raises(StoreUnavailable):
        run_sweep(store)


def test_a_store_without_a_clock_keeps_everything(store):
    put_content(store, "unnamed")
    store.now = None
    with pytest.raises(PruneRefused, match="does not say when"):
        run_sweep(store)
