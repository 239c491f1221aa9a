"""A night after another: what is as it was is neither read nor sent."""

import os
from dataclasses import replace

import pytest

from socle.backups.format.media_manifest import Earlier, read_manifest
from socle.backups.media.folder_backup import walk
from socle.backups.services import take_backup
from socle.backups.tests.conftest import NEXT_NIGHT, NIGHT, QUIET, names_in

LONG_AGO_NS = 1_700_000_000_000_000_000


@pytest.fixture
def aged(site):
    """All files are older than the first backup."""
    for path in site.media_root.rglob("*"):
        os.utime(path, ns=(LONG_AGO_NS, LONG_AGO_NS), follow_symlinks=False)
    return site


@pytest.fixture
def night(aged, store):
    def take(now, **options):
        return take_backup(aged, store=store, now=now, progress=QUIET, **options)

    return take


def rewrite(path, *, mtime_ns):
    """Other bytes, as many as before, with a time of our choice."""
    path.write_bytes(b"\xff" * path.stat().st_size)
    os.utime(path, ns=(mtime_ns, mtime_ns))


def sha256_of(backup, path, *, store):
    return {file.path: file.sha256 for file in read_manifest(backup, store=store)}[path]


def test_a_file_of_the_same_size_and_time_is_not_read(aged, night, store):
    first = night(NIGHT)
    rewrite(aged.media_root / "photos/one.jpg", mtime_ns=LONG_AGO_NS)
    before = sha256_of(first, "photos/one.jpg", store=store)
    assert sha256_of(night(NEXT_NIGHT), "photos/one.jpg", store=store) == before
    full = night(NEXT_NIGHT.replace(hour=4), full=True)
    assert sha256_of(full, "photos/one.jpg", store=store) != before
    assert full.record.media.new_files == 1


def test_a_file_with_another_time_is_read(aged, night, store):
    first = night(NIGHT)
    rewrite(aged.media_root / "photos/one.jpg", mtime_ns=LONG_AGO_NS + 1)
    before = sha256_of(first, "photos/one.jpg", store=store)
    assert sha256_of(night(NEXT_NIGHT), "photos/one.jpg", store=store) != before


def test_a_file_written_to_as_the_last_backup_began_is_read(aged, night, store):
    """It may have been written to again in the same tick, after it was read."""
    just_before = int(NIGHT.timestamp() * 1e9) - 1_000_000_000
    path = aged.media_root / "photos/one.jpg"
    os.utime(path, ns=(just_before, just_before))
    before = sha256_of(night(NIGHT), "photos/one.jpg", store=store)
    rewrite(path, mtime_ns=just_before)
    assert sha256_of(night(NEXT_NIGHT), "photos/one.jpg", store=store) != before


def test_a_content_that_the_store_lost_is_sent_again(aged, night, store):
    first = night(NIGHT)
    digest = sha256_of(first, "photos/one.jpg", store=store)
    store.delete(aged.shelf.blob(digest))
    assert night(NEXT_NIGHT).record.media.new_files == 1
    assert aged.shelf.blob(digest) in names_in(store)


def test_a_changed_mode_is_kept_without_reading(aged, night, store):
    night(NIGHT)
    (aged.media_root / "photos/one.jpg").chmod(0o600)
    files = {file.path: file for file in read_manifest(night(NEXT_NIGHT), store=store)}
    assert files["photos/one.jpg"].mode == 0o600


def test_a_file_in_the_place_of_a_link_is_read(aged, night, store):
    night(NIGHT)
    (aged.media_root / "link").unlink()
    (aged.media_root / "link").write_bytes(b"")
    os.utime(aged.media_root / "link", ns=(LONG_AGO_NS, LONG_AGO_NS))
    assert sha256_of(night(NEXT_NIGHT), "link", store=store) != ""


def test_a_damaged_last_manifest_makes_a_full_backup(aged, night, store):
    first = night(NIGHT)
    name = first.address.folder + "media.jsonl.zst"
    store.delete(name)
    store.put(name, b"nothing like it")
    second = night(NEXT_NIGHT)
    assert second.record.media.files == first.record.media.files


def test_the_walk_and_the_manifest_have_one_order(aged, night, store):
    """Names around the slash, which sorts in between."""
    for name in ("a/z", "a!/b", "a.txt", "a0", "é", "a/b/c", "a/b!"):
        path = aged.media_root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(name.encode())
        os.utime(path, ns=(LONG_AGO_NS, LONG_AGO_NS))
    backup = night(NIGHT)
    earlier = Earlier(backup, store=store)
    for entry in walk(aged.media_root):
        path = os.path.relpath(entry.path, aged.media_root)
        assert earlier.find(path).path == path
    earlier.close()


def test_what_is_new_between_old_files_is_found(aged, night):
    first = night(NIGHT)
    for name in ("0", "photos/one", "photos/one.jpgz", "zzz/new"):
        path = aged.media_root / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(name.encode())
        os.utime(path, ns=(LONG_AGO_NS, LONG_AGO_NS))
    (aged.media_root / "empty").unlink()
    second = night(NEXT_NIGHT)
    assert second.record.media.new_files == 4
    assert second.record.media.files == first.record.media.files + 3


def test_a_backup_of_another_project_is_not_compared_with(aged, night, store):
    night(NIGHT)
    other = replace(aged, project="other")
    media = take_backup(other, store=store, now=NIGHT, progress=QUIET).record.media
    assert media.new_files == 4
