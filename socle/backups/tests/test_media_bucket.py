"""Uploaded files that live in a bucket: in Google's emulator and in an S3 server."""

from dataclasses import replace
from uuid import uuid4

import pyrage
import pytest

from socle.backups.format.encryption import Keys
from socle.backups.format.media_manifest import read_manifest
from socle.backups.restore.restore_targets import Parts
from socle.backups.restore.run_restore import Choices, restore_backup
from socle.backups.runs.verify import Verifier
from socle.backups.services import take_backup
from socle.backups.stores import open_store
from socle.backups.tests.conftest import (
    FINGERPRINT,
    NEXT_NIGHT,
    NIGHT,
    QUIET,
    execute,
)

FILES = {
    "photos/one.jpg": b"one" * 1000,
    "photos/again.jpg": b"one" * 1000,
    "photos/é ☃/a b.jpg": b"two" * 1000,
    "large.jpg": bytes(range(256)) * 20_000,
}


@pytest.fixture(params=["store", "s3_store"])
def store(request):
    """The backups' store; the media bucket is one of the same kind."""
    return request.getfixturevalue(request.param)


@pytest.fixture
def media_bucket(store, rclone, monkeypatch):
    for name, value in rclone.variables.items():
        monkeypatch.setenv(name, value)
    url = f"{store.url}-media-{uuid4()}/live"
    bucket = open_store(url, patience_seconds=5)
    for name, data in FILES.items():
        bucket.put(name, data)
    return bucket


@pytest.fixture
def bucket_site(site, media_bucket):
    return replace(site, media_store_url=media_bucket.url)


@pytest.fixture
def kept(bucket_site, store):
    return take_backup(bucket_site, store=store, now=NIGHT, progress=QUIET)


def contents(bucket):
    return {found.name: bucket.read(found.name) for found in bucket.list("")}


def bring_back(backup, *, site, store, parts=Parts.BOTH, now=NEXT_NIGHT):
    said = []
    progress = type(QUIET)(said.append)
    choices = Choices(parts=parts)
    restore_backup(
        backup, site=site, store=store, now=now, progress=progress, choices=choices
    )
    return "\n".join(said)


def test_no_byte_of_the_files_passes_through_us(bucket_site, store, media_bucket):
    """The stores' own copy is the only way from one to the other."""
    backup = take_backup(bucket_site, store=store, now=NIGHT, progress=QUIET)
    files = {file.path: file for file in read_manifest(backup, store=store)}
    assert set(files) == set(FILES)
    assert all(file.checksum and not file.sha256 for file in files.values())
    assert backup.record.media.size_bytes == sum(map(len, FILES.values()))
    assert backup.record.media.new_files == 3  # two of the four are equal


def test_the_second_night_copies_what_is_new(bucket_site, store, media_bucket, kept):
    media_bucket.put("new.jpg", b"new")
    media_bucket.delete("photos/again.jpg")
    again = take_backup(bucket_site, store=store, now=NEXT_NIGHT, progress=QUIET)
    assert (again.record.media.new_files, again.record.media.new_bytes) == (1, 3)
    assert again.record.media.files == 4


def test_what_was_lost_comes_back(bucket_site, store, media_bucket, kept):
    before = execute(bucket_site.database, FINGERPRINT)
    for name in ("photos/one.jpg", "large.jpg"):
        media_bucket.delete(name)
    execute(bucket_site.database, "DELETE FROM visit")
    bring_back(kept, site=bucket_site, store=store)
    assert contents(media_bucket) == FILES
    assert execute(bucket_site.database, FINGERPRINT) == before


def test_what_is_right_already_is_not_touched(bucket_site, store, media_bucket, kept):
    generations = {found.name: found.generation for found in media_bucket.list("")}
    media_bucket.put("later.jpg", b"later")
    bring_back(kept, site=bucket_site, store=store, parts=Parts.MEDIA)
    left = {found.name: found.generation for found in media_bucket.list("")}
    assert left.pop("later.jpg")
    assert left == generations


def test_other_bytes_are_replaced_and_kept(bucket_site, store, media_bucket, kept):
    media_bucket.delete("photos/one.jpg")
    media_bucket.put("photos/one.jpg", b"encrypted by a stranger")
    said = bring_back(kept, site=bucket_site, store=store)
    assert contents(media_bucket) == FILES
    (aside,) = [word for word in said.split() if ".before_" in word]
    assert contents(open_store(aside)) == {"photos/one.jpg": b"encrypted by a stranger"}
    again = take_backup(bucket_site, store=store, now=NEXT_NIGHT, progress=QUIET)
    assert again.record.media.files == len(FILES)


def test_a_content_that_the_store_lost_stops_it_before_the_swap(
    bucket_site, store, media_bucket, kept
):
    before = execute(bucket_site.database, FINGERPRINT)
    for found in list(store.list(bucket_site.shelf.blobs)):
        store.delete(found.name)
    media_bucket.delete("large.jpg")
    with pytest.raises(Exception, match=r"'large\.jpg' is missing.*nothing|before"):
        bring_back(kept, site=bucket_site, store=store)
    assert execute(bucket_site.database, FINGERPRINT) == before


def test_with_a_key_the_bytes_are_sealed_on_their_way(bucket_site, store, media_bucket):
    keys = Keys((pyrage.x25519.Identity.generate(),))
    sealed = replace(bucket_site, keys=keys)
    backup = take_backup(sealed, store=store, now=NIGHT, progress=QUIET)
    for found in store.list(sealed.shelf.blobs):
        assert store.read(found.name).startswith(b"age-encryption.org/v1\n")
    media_bucket.delete("large.jpg")
    bring_back(backup, site=sealed, store=store)
    assert contents(media_bucket) == FILES


def test_files_of_a_bucket_come_back_into_a_folder(site, store, media_bucket, kept):
    bring_back(kept, site=site, store=store)
    found = {
        path.relative_to(site.media_root).as_posix(): path.read_bytes()
        for path in site.media_root.rglob("*")
        if path.is_file()
    }
    assert found == FILES


def test_files_of_a_folder_come_back_into_a_bucket(
    site, store, media_bucket, bucket_site
):
    (site.media_root / "link").unlink()
    for path in list(site.media_root.iterdir()):
        if path.name.startswith("not-utf8"):
            path.unlink()
    backup = take_backup(site, store=store, now=NIGHT, progress=QUIET)
    bring_back(backup, site=bucket_site, store=store, parts=Parts.MEDIA)
    found = contents(media_bucket)
    for path in site.media_root.rglob("*"):
        if path.is_file():
            name = path.relative_to(site.media_root).as_posix()
            assert found[name] == path.read_bytes()


def test_a_changed_byte_of_a_content_is_noticed(bucket_site, store, kept):
    name = max(store.list(bucket_site.shelf.blobs), key=lambda one: one.size_bytes).name
    data = bytearray(store.read(name))
    data[1000] ^= 1
    store.delete(name)
    store.put(name, bytes(data))
    (sentence,) = Verifier(store, progress=QUIET).verify(kept).damage
    assert "'large.jpg'" in sentence


def test_an_object_that_vanishes_is_named(
    bucket_site, store, media_bucket, monkeypatch
):
    real = type(store).copy

    def copy(self, name, *, source, source_name):
        source.delete(source_name)
        return real(self, name, source=source, source_name=source_name)

    monkeypatch.setattr(type(store), "copy", copy)
    media = take_backup(
        bucket_site, store=store, now=NIGHT, progress=QUIET
    ).record.media
    assert media.files + len(media.skipped) == len(FILES)
    assert {one.reason for one in media.skipped} == {"it was deleted during the backup"}
