import os
from dataclasses import replace

import pyrage
import pytest

from socle.backups.exceptions import KeyMissing, ObjectDamaged, StoreUnavailable
from socle.backups.format.backup_metadata import read_backup
from socle.backups.format.encryption import Keys
from socle.backups.format.listing import newest_backup
from socle.backups.services import take_backup
from socle.backups.tests.conftest import (
    FINGERPRINT,
    NEXT_NIGHT,
    NIGHT,
    QUIET,
    Wrapped,
    execute,
    names_in,
    picture,
)


def new_keys() -> Keys:
    return Keys((pyrage.x25519.Identity.generate(),))


@pytest.fixture
def keys():
    return new_keys()


@pytest.fixture
def locked(site, keys):
    """The same site, with a key."""
    return replace(site, keys=keys)


@pytest.fixture
def sealed(locked, store):
    (locked.media_root / "large").write_bytes(os.urandom(5_000_000))
    return take_backup(locked, store=store, now=NIGHT, progress=QUIET)


def test_an_encrypted_backup_is_restored_byte_for_byte(locked, sealed, restore):
    before = picture(locked.media_root), execute(locked.database, FINGERPRINT)
    execute(locked.database, "DROP TABLE photo CASCADE")
    (locked.media_root / "photos/one.jpg").unlink()
    restore(sealed, site=locked)
    assert (
        picture(locked.media_root),
        execute(locked.database, FINGERPRINT),
    ) == before


def test_nothing_of_the_site_can_be_read_in_the_store(locked, sealed, store):
    large = (locked.media_root / "large").read_bytes()
    for name in names_in(store):
        data = store.read(name)
        if not name.endswith("backup.json"):
            assert data.startswith(b"age-encryption.org/v1\n")
        for secret in (b"one" * 10, large[:100], b"one.jpg"):
            assert secret not in data
    # A content that somebody else has, too, cannot be recognised by its name.
    sha256 = "91b3ea5f0b8bd4b4d3ba0ff4f8f15fb2e3c0bd94cb2df9b42fef28a0a2c0bf2a"
    assert not any(sha256 in name for name in names_in(store))
    assert sealed.record.recipient.startswith("age1")


def test_the_second_night_sends_no_content_again(locked, sealed, store):
    again = take_backup(locked, store=store, now=NEXT_NIGHT, progress=QUIET)
    assert sealed.record.media.new_files == 5
    assert again.record.media.new_files == again.record.media.new_bytes == 0
    full = NEXT_NIGHT.replace(hour=4)
    again = take_backup(locked, store=store, now=full, progress=QUIET, full=True)
    assert again.record.media.new_bytes == 0


def test_the_tool_of_the_format_opens_the_dump(locked, sealed, store, keys):
    data = store.read(sealed.address.folder + "database.dump.zst")
    plain = pyrage.decrypt(data, list(keys.identities))
    assert plain[:4] == bytes.fromhex("28b52ffd")  # a zstd frame


@pytest.mark.parametrize("theirs", [Keys(), new_keys()], ids=["none", "another"])
def test_without_the_key_a_restore_says_so_and_begins_nothing(
    site, sealed, store, restore, untouched, theirs
):
    backup = read_backup(store, sealed.address, keys=theirs)
    with untouched(), pytest.raises(KeyMissing, match=sealed.record.recipient):
        restore(backup)


def test_a_key_that_was_replaced_still_opens_what_is_old(locked, sealed, store):
    rotated = replace(
        locked, keys=Keys((*new_keys().identities, *locked.keys.identities))
    )
    newer = take_backup(rotated, store=store, now=NEXT_NIGHT, progress=QUIET)
    assert newer.record.media.new_files == 5  # under the new key's names
    assert newer.record.recipient != sealed.record.recipient
    old = read_backup(store, sealed.address, keys=rotated.keys)
    assert old.opening_keys.recipient == sealed.record.recipient
    newest = newest_backup(store, shelf=rotated.shelf, keys=rotated.keys)
    assert newest.opening_keys.recipient == newer.record.recipient


def test_a_changed_byte_is_noticed(keys, store):
    data = bytearray(keys.encrypt(b"content" * 1000))
    data[-20] ^= 1
    with pytest.raises(ObjectDamaged, match=r"a file cannot be decrypted"):
        keys.decrypt(bytes(data), what="a file")


@pytest.mark.parametrize("cut", [1, 70_000, 200_000])
def test_a_stream_that_ends_early_is_noticed(keys, cut):
    source = Reading(sealed_stream(keys, os.urandom(300_000))[:-cut])
    with (
        keys.decrypting(source, what="the dump") as plain,
        pytest.raises(ObjectDamaged, match="the dump cannot be decrypted"),
    ):
        plain.read()


def test_a_reader_that_leaves_early_is_not_waited_for(keys):
    sealed = sealed_stream(keys, os.urandom(3_000_000))
    with keys.decrypting(Reading(sealed), what="the dump") as plain:
        assert len(plain.read(10)) == 10


def test_the_stores_own_failure_is_what_is_reported(locked, store):
    class Failing:
        def write(self, data):
            raise StoreUnavailable("gone")

    with (
        pytest.raises(StoreUnavailable, match="gone"),
        locked.keys.encrypting(Failing()) as target,
    ):
        target.write(bytes(10_000_000))


def test_a_failed_dump_leaves_nothing(locked, store, with_tool):
    script = 'case "$1" in --version) echo 99;; *) echo half; exit 3;; esac'
    broken = replace(with_tool("pg_dump", script), keys=locked.keys)
    with pytest.raises(Exception, match="ended with 3"):
        take_backup(broken, store=store, now=NIGHT, progress=QUIET)
    assert names_in(store) == []


def test_a_store_that_fails_in_the_middle_is_reported(locked, store):
    (locked.media_root / "large").write_bytes(os.urandom(5_000_000))
    real = store.create

    def create(name):
        if "/media/" in name:
            raise StoreUnavailable("gone")
        return real(name)

    with pytest.raises(StoreUnavailable):
        take_backup(
            locked, store=Wrapped(store, create=create), now=NIGHT, progress=QUIET
        )
    assert not any("/backups/" in name for name in names_in(store))


def test_keys_are_read_as_age_keygen_writes_them(keys):
    secret = str(keys.identities[0])
    text = f"# created: 2026-11-21\n# public key: {keys.recipient}\n{secret}\n"
    assert Keys.parse(text).recipient == keys.recipient
    other = str(new_keys().identities[0])
    assert len(Keys.parse(f"{secret},{other}").identities) == 2
    assert Keys.parse("").recipient == ""


def test_a_key_that_cannot_be_read_is_named_but_not_shown():
    with pytest.raises(
        KeyMissing, match="BACKUP_ENCRYPTION_KEY cannot be read"
    ) as info:
        Keys.parse("AGE-SECRET-KEY-1NOTAKEY")
    assert "NOTAKEY" not in str(info.value)


class Reading:
    def __init__(self, data):
        self._data = data

    def read(self, size=-1):
        piece, self._data = self._data[:size], self._data[size:]
        return piece


def sealed_stream(keys, data):
    target = bytearray()

    class Sink:
        def write(self, piece):
            target.extend(piece)
            return len(piece)

    with keys.encrypting(Sink()) as plain:
        plain.write(data)
    return bytes(target)
