"""What is a folder's alone."""

import os
import resource
import time
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from socle.backups.exceptions import ObjectDamaged, ObjectExists, StoreRefused
from socle.backups.format.checksums import upload
from socle.backups.stores import folder, open_store
from socle.backups.tests.conftest import names_in


@contextmanager
def room_for(size_bytes: int):
    """No file of this process may grow beyond that: for it, the disk is full."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size_bytes, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def files_below(path: Path) -> list[Path]:
    return [one for one in path.rglob("*") if one.is_file()]


def test_a_full_disk_leaves_nothing_and_says_so(folder_store, tmp_path):
    for send in (
        lambda: folder_store.put("a/whole", bytes(2_000_000)),
        lambda: _send(folder_store, bytes(2_000_000)),
    ):
        with room_for(1_000_000), pytest.raises(StoreRefused, match="File too large"):
            send()
    assert files_below(tmp_path / "store") == []


def test_a_full_disk_is_noticed_when_the_last_bytes_are_flushed(folder_store, tmp_path):
    with room_for(1000), pytest.raises(StoreRefused, match="File too large"):
        folder_store.put("a", bytes(1500))  # less than a buffer
    assert files_below(tmp_path / "store") == []


def _send(store, data: bytes) -> None:
    with store.create("a/stream") as target:
        for start in range(0, len(data), 100_000):
            target.write(data[start : start + 100_000])


def test_bytes_that_change_on_their_way_to_the_disk_are_noticed(
    folder_store, monkeypatch
):
    link = os.link

    def flip(part, path):
        data = bytearray(Path(part).read_bytes())
        data[0] ^= 1
        Path(part).write_bytes(data)
        link(part, path)

    monkeypatch.setattr(folder.os, "link", flip)

    def send():
        with upload(folder_store, "a") as target:
            target.write(b"some bytes")

    with pytest.raises(ObjectDamaged, match="arrived as"):
        send()
    assert names_in(folder_store) == []


def test_a_file_that_vanishes_while_it_is_listed_is_left_out(folder_store, tmp_path):
    for name in ("a/1", "b/2"):
        folder_store.put(name, b"")
    found = folder_store.list("")
    first = next(found)
    for path in files_below(tmp_path / "store"):
        path.unlink()
    assert first.name in ("a/1", "b/2")
    assert list(found) == []


def test_a_file_that_nobody_finished_is_no_object(folder_store, tmp_path):
    folder_store.put("a/1", b"")
    (tmp_path / "store" / "a" / ".part-of-a-killed-run").write_bytes(b"half")
    assert names_in(folder_store) == ["a/1"]


def test_what_killed_writers_left_is_removed_when_it_is_old(folder_store, tmp_path):
    folder_store.put("a/kept", b"kept")
    for name, age in (("a/.part-old", 60), ("a/.part-new", 0), ("b/.part-old", 60)):
        path = tmp_path / "store" / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"half")
        os.utime(path, (time.time() - age, time.time() - age))
    before = datetime.now(UTC) - timedelta(seconds=30)
    assert folder_store.tidy("a/", before=before) == 1
    left = {path.name for path in files_below(tmp_path / "store" / "a")}
    assert left == {"kept", ".part-new"}
    assert (tmp_path / "store" / "b" / ".part-old").exists()


def test_a_folder_that_cannot_be_used_says_why(tmp_path):
    (tmp_path / "file").write_text("")
    store = open_store((tmp_path / "file" / "store").as_uri())
    with pytest.raises(StoreRefused, match="Not a directory"):
        store.put("a", b"")


def test_of_two_streams_the_first_to_end_wins(folder_store):
    """(Google's own precondition does the same; the emulator ignores it.)"""

    def end_second():
        with folder_store.create("a") as slow:
            slow.write(b"slow")
            with folder_store.create("a") as fast:
                fast.write(b"fast")

    with pytest.raises(ObjectExists, match="exists already"):
        end_second()
    assert folder_store.read("a") == b"fast"
    assert names_in(folder_store) == ["a"]
