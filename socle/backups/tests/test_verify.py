import os
import re
from itertools import count

import pytest

from socle.backups.format.media_manifest import read_manifest
from socle.backups.progress import Progress
from socle.backups.runs.verify import Verifier
from socle.backups.services import take_backup
from socle.backups.tests.conftest import NEXT_NIGHT, NIGHT, QUIET, Wrapped


@pytest.fixture
def verified(store):
    def verify(backup):
        return Verifier(store, progress=QUIET).verify(backup)

    return verify


def spoil(store, name, *, how):
    data = bytearray(store.read(name))
    if how == "gone":
        store.delete(name)
        return
    if how == "flipped":
        data[len(data) // 2] ^= 1
    if how == "cut":
        del data[-1:]
    store.delete(name)
    store.put(name, bytes(data))


def a_content(site, store):
    return min(found.name for found in store.list(site.shelf.blobs) if found.size_bytes)


def test_everything_a_backup_names_is_read(site, store, backup, verified):
    (site.media_root / "large").write_bytes(os.urandom(5_000_000))
    second = take_backup(site, store=store, now=NEXT_NIGHT, progress=QUIET)
    report = verified(second)
    assert report.damage == []
    assert report.contents == 5  # of seven files: one is a link, two are equal
    parts = second.record.database.dump, second.record.media.manifest
    in_parts = sum(part.size_bytes for part in parts)
    contents = {file.content: file for file in read_manifest(second, store=store)}
    in_contents = sum(file.size_bytes for file in contents.values())
    assert report.size_bytes == in_parts + in_contents > 5_000_000


def test_progress_says_how_much_is_left_to_read(site, store, backup):
    said, seconds = [], count(step=2)
    progress = Progress(said.append, rewrite=said.append, clock=lambda: next(seconds))
    verifier = Verifier(store, progress=progress)
    verifier.verify(backup)
    assert any(re.match("  Reading the dump: .* of ", line) for line in said), said
    assert any("Reading contents: 4 of 4 files" in line for line in said), said
    (site.media_root / "new").write_bytes(b"new")
    third = take_backup(site, store=store, now=NEXT_NIGHT, progress=QUIET)
    said.clear()
    verifier.verify(third)
    assert any("Reading contents: 1 of 1 file, 3 B of 3 B" in line for line in said)


@pytest.mark.parametrize("how", ["flipped", "cut", "gone"])
def test_a_damaged_content_is_named_and_the_rest_is_read(
    site, store, backup, verified, how
):
    name = a_content(site, store)
    spoil(store, name, how=how)
    report = verified(backup)
    assert report.contents == 4
    assert len(report.damage) == 1
    assert name in report.damage[0]


@pytest.mark.parametrize("how", ["flipped", "cut", "gone"])
@pytest.mark.parametrize("part", ["database.dump.zst", "media.jsonl.zst"])
def test_a_damaged_part_is_named(store, backup, verified, part, how):
    spoil(store, backup.address.folder + part, how=how)
    (sentence,) = verified(backup).damage
    assert part in sentence


def test_a_content_of_two_backups_is_read_once_and_damaged_in_both(site, store, backup):
    second = take_backup(site, store=store, now=NEXT_NIGHT, progress=QUIET)
    spoil(store, a_content(site, store), how="flipped")
    reads = []

    def read(name):
        reads.append(name)
        return store.read(name)

    verifier = Verifier(Wrapped(store, read=read), progress=Progress())
    first, again = verifier.verify(backup), verifier.verify(second)
    assert len(first.damage) >= 1
    assert len(again.damage) >= 1
    blobs = [name for name in reads if "/media/" in name]
    assert len(blobs) == len(set(blobs)) == 4


def test_a_right_night_stays_right_after_the_next(site, store, verified):
    first = take_backup(site, store=store, now=NIGHT, progress=QUIET)
    (site.media_root / "photos/one.jpg").unlink()
    take_backup(site, store=store, now=NEXT_NIGHT, progress=QUIET)
    assert verified(first).damage == []
