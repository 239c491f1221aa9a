import hashlib
import json
import subprocess
import time
from contextlib import contextmanager
from dataclasses import replace

import pytest
import zstandard

from socle.backups.exceptions import (
    AlreadyRunning,
    DumpFailed,
    NotABackup,
    ObjectExists,
    ServerUnavailable,
    StoreUnavailable,
)
from socle.backups.format.listing import list_backups, newest_backup
from socle.backups.progress import Progress
from socle.backups.runs.run_locks import only_one
from socle.backups.runs.verify import Verifier
from socle.backups.services import prove_store, take_backup
from socle.backups.stores import open_store
from socle.backups.tests.conftest import (
    NEXT_NIGHT,
    NIGHT,
    QUIET,
    ROWS,
    Wrapped,
    execute,
    names_in,
)

FOLDER = "socle/local/backups/2026-11-21T03-00-00Z/"


def test_take_backup_stores_what_the_format_says(site, store, backup):
    contents = [b"one" * 1000, b"two" * 1000, b"", b"\x00"]
    digests = [hashlib.sha256(data).hexdigest() for data in contents]
    assert names_in(store) == sorted(
        [FOLDER + "backup.json", FOLDER + "database.dump.zst"]
        + [FOLDER + "media.jsonl.zst"]
        + [f"socle/local/media/{digest[:2]}/{digest}" for digest in digests]
    )
    assert backup.url == f"{store.url}/{FOLDER}".rstrip("/")
    assert backup.record.database.rows == ROWS
    media = backup.record.media
    assert (media.files, media.size_bytes) == (6, 9001)
    assert (media.new_files, media.new_bytes, media.skipped) == (4, 6001, [])
    assert backup.record.created_at == NIGHT
    assert newest_backup(store, shelf=site.shelf) == backup


def watching(store):
    """The store, and the names of what is sent to it."""
    sent = []

    def put(name, data):
        sent.append(name)
        return store.put(name, data)

    def create(name):
        sent.append(name)
        return store.create(name)

    return Wrapped(store, put=put, create=create), sent


def test_the_record_is_written_last(site, store):
    watched, written = watching(store)
    take_backup(site, store=watched, now=NIGHT, progress=QUIET)
    assert written[-1] == FOLDER + "backup.json"
    assert len(set(written)) == 7  # equal files may be on their way together


def test_a_dump_can_be_read_by_hand(site, store, backup):
    with store.open(FOLDER + "database.dump.zst") as source:
        dump = zstandard.ZstdDecompressor().stream_reader(source).read()
    listing = subprocess.run(
        [site.database.tool("pg_restore"), "--list"],
        input=dump,
        capture_output=True,
        check=True,
    ).stdout.decode()
    assert "TABLE DATA public photo" in listing
    assert len(dump) == backup.record.database.uncompressed_bytes


def test_rows_and_dump_come_from_one_snapshot(site, store):
    """What is written between the count and the dump is in neither."""

    def say(line):
        if line.startswith("Dumping"):
            execute(site.database, "INSERT INTO other.photo VALUES (1), (2)")

    backup = take_backup(site, store=store, now=NIGHT, progress=Progress(say))
    with store.open(FOLDER + "database.dump.zst") as source:
        dump = zstandard.ZstdDecompressor().stream_reader(source).read()
    rows = subprocess.run(
        [site.database.tool("pg_restore"), "-a", "-n", "other", "-f", "-"],
        input=dump,
        capture_output=True,
        check=True,
    ).stdout.decode()
    assert backup.record.database.rows["other.photo"] == 0
    assert "COPY other.photo (id) FROM stdin;\n\\.\n" in rows


def test_the_second_night_sends_only_what_is_new(site, store, backup):
    (site.media_root / "photos" / "three.jpg").write_bytes(b"three")
    (site.media_root / "photos" / "one.jpg").rename(site.media_root / "moved.jpg")
    watched, sent = watching(store)
    second = take_backup(site, store=watched, now=NEXT_NIGHT, progress=QUIET)
    digest = hashlib.sha256(b"three").hexdigest()
    assert set(sent) == {
        f"socle/local/media/{digest[:2]}/{digest}",
        *(
            f"socle/local/backups/2026-11-22T03-00-00Z/{name}"
            for name in ("database.dump.zst", "media.jsonl.zst", "backup.json")
        ),
    }
    assert (second.record.media.new_files, second.record.media.new_bytes) == (1, 5)
    assert second.record.media.files == 7


def test_a_folder_without_a_record_is_not_listed(site, store, backup):
    store.put("socle/local/backups/2026-11-22T03-00-00Z/database.dump.zst", b"half")
    assert list_backups(store, shelf=site.shelf).backups == [backup]


def test_backups_are_listed_newest_first(site, store, backup):
    second = take_backup(site, store=store, now=NEXT_NIGHT, progress=QUIET)
    assert list_backups(store, shelf=site.shelf).backups == [second, backup]
    assert newest_backup(store, shelf=site.shelf) == second


def test_a_record_of_a_later_format_is_not_guessed_at(site, store, backup):
    later = json.loads(backup.record.to_json()) | {"format": 2}
    name = "socle/local/backups/2026-11-23T03-00-00Z/backup.json"
    store.put(name, json.dumps(later).encode())
    (sentence,) = list_backups(store, shelf=site.shelf).unreadable
    assert "its format is 2, not 1. A newer version" in sentence


@pytest.mark.parametrize("record", [b"{", b"[]", b'{"format": 1}', b"\xff"])
def test_an_unreadable_record_hides_no_other_backup(site, store, backup, record):
    store.put("socle/local/backups/2026-11-23T03-00-00Z/backup.json", record)
    listing = list_backups(store, shelf=site.shelf)
    assert listing.backups == [backup]
    assert "2026-11-23T03-00-00Z/backup.json cannot be read" in listing.unreadable[0]


def test_without_any_backup_the_newest_is_a_clear_error(site, store):
    with pytest.raises(NotABackup, match=r"no complete backup yet.*google_storage.sh"):
        newest_backup(store, shelf=site.shelf)


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("head -c 3000000 /dev/urandom; echo disk on fire >&2; exit 1", "disk on fire"),
        ("echo some; kill -9 $$", "was killed"),
        ("exit 3", "ended with 3"),
    ],
)
def test_a_failing_pg_dump_leaves_nothing(with_tool, site, store, script, words):
    real = site.database.tool("pg_dump")
    broken = with_tool(
        "pg_dump", f'[ "$1" = --version ] && exec {real} --version\n{script}'
    )
    with pytest.raises(DumpFailed, match=words):
        take_backup(broken, store=store, now=NIGHT, progress=QUIET)
    assert names_in(store) == []


def test_a_wrapper_script_around_pg_dump_cannot_hold_a_failure_up(with_tool, store):
    """Its child outlives it, with our pipes in its hands."""
    broken = with_tool(
        "pg_dump",
        'case "$1" in --version) echo 99;; *) sleep 20 & yes; esac',
    )

    def create(name):
        @contextmanager
        def failing():
            with store.create(name):
                yield Failing()

        return failing()

    class Failing:
        def write(self, data):
            raise StoreUnavailable("gone")

    started = time.monotonic()
    with pytest.raises(StoreUnavailable):
        take_backup(
            broken, store=Wrapped(store, create=create), now=NIGHT, progress=QUIET
        )
    assert time.monotonic() - started < 15


def test_a_pg_dump_older_than_the_server_is_refused(with_tool, store):
    old = with_tool("pg_dump", 'echo "pg_dump (PostgreSQL) 9.6.24"')
    with pytest.raises(DumpFailed, match=r"pg_dump 9\.6 is older.*POSTGRES_BIN"):
        take_backup(old, store=store, now=NIGHT, progress=QUIET)
    assert names_in(store) == []


def test_a_store_that_fails_half_way_keeps_no_half_backup(site, store):
    def create(name):
        if name.endswith("media.jsonl.zst"):
            raise StoreUnavailable("gone")
        return store.create(name)

    with pytest.raises(StoreUnavailable):
        take_backup(
            site, store=Wrapped(store, create=create), now=NIGHT, progress=QUIET
        )
    assert names_in(store) == []


def test_an_upload_that_arrives_changed_is_noticed(site, store):
    def create(name):
        return store.create(name)

    def find(name):
        return replace(store.find(name), crc32c="AAAAAA==")

    with pytest.raises(Exception, match="arrived as"):
        take_backup(
            site,
            store=Wrapped(store, create=create, find=find),
            now=NIGHT,
            progress=QUIET,
        )
    assert names_in(store) == []


def test_a_lost_answer_to_the_last_write_is_no_failure(site, store):
    """Our own retry finds the record there: it is ours if the bytes are the same."""

    def put(name, data):
        stored = store.put(name, data)
        if name.endswith("backup.json"):
            raise ObjectExists("412")
        return stored

    backup = take_backup(site, store=Wrapped(store, put=put), now=NIGHT, progress=QUIET)
    assert newest_backup(store, shelf=site.shelf) == backup


@pytest.mark.parametrize("arrives", [True, False])
def test_a_record_of_which_nobody_knows_leaves_no_half_backup(site, store, arrives):
    """The store's last answer is lost for good: the record may be there, or not."""

    def put(name, data):
        if name.endswith("backup.json"):
            if arrives:
                store.put(name, data)
            raise StoreUnavailable("no answer")
        return store.put(name, data)

    with pytest.raises(StoreUnavailable):
        take_backup(site, store=Wrapped(store, put=put), now=NIGHT, progress=QUIET)
    listed = list_backups(store, shelf=site.shelf).backups
    assert len(listed) == arrives
    for backup in listed:
        assert Verifier(store, progress=QUIET).verify(backup).damage == []


def test_two_runs_in_one_second_do_not_mix(site, store, backup):
    before = {name: store.read(name) for name in names_in(store)}
    with pytest.raises(ObjectExists, match="same second"):
        take_backup(site, store=store, now=NIGHT, progress=QUIET)
    assert {name: store.read(name) for name in names_in(store)} == before


def test_a_second_run_says_who_holds_the_lock(site, store):
    with (
        only_one(site.database, purpose="restore"),
        pytest.raises(AlreadyRunning, match=r"restore on \S+, since \d{4}-"),
    ):
        take_backup(site, store=store, now=NIGHT, progress=QUIET)
    take_backup(site, store=store, now=NIGHT, progress=QUIET)


def test_the_lock_is_of_one_database(site):
    other = replace(site.database, name="another")
    with only_one(site.database, purpose="a"), only_one(other, purpose="b"):
        pass


def test_prove_store_leaves_nothing(any_store, site):
    sentences = prove_store(any_store, shelf=site.shelf)
    assert len(sentences) == 4
    assert names_in(any_store) == []


def test_an_emulator_without_a_bucket_has_no_backups(site):
    store = open_store("gs://made-by-a-listing")
    assert list_backups(store, shelf=site.shelf).backups == []


def test_a_backup_makes_the_emulators_bucket(site):
    store = open_store("gs://made-by-a-backup")
    take_backup(site, store=store, now=NIGHT, progress=QUIET)
    assert len(list_backups(store, shelf=site.shelf).backups) == 1


def test_a_backup_that_lost_its_lock_is_none(site, store):
    """Postgres took the session away: a prune may run by now."""

    def create(name):
        if name.endswith("media.jsonl.zst"):
            execute(
                site.database,
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE application_name LIKE 'backup on %'",
            )
        return store.create(name)

    with pytest.raises(ServerUnavailable, match="held the lock broke"):
        take_backup(
            site, store=Wrapped(store, create=create), now=NIGHT, progress=QUIET
        )
    assert [name for name in names_in(store) if "/backups/" in name] == []
