import hashlib
import os
import tempfile
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from socle.backups.exceptions import MediaUnreadable, ObjectDamaged
from socle.backups.format.backup_metadata import Skipped
from socle.backups.format.encryption import Keys
from socle.backups.format.media_manifest import MediaFile, read_manifest
from socle.backups.media.folder_backup import walk
from socle.backups.media.folder_restore import MediaRestorer
from socle.backups.progress import Progress
from socle.backups.services import take_backup
from socle.backups.tests.conftest import NIGHT, QUIET, Wrapped, names_in


def manifest(backup, store):
    return {file.path: file for file in read_manifest(backup, store=store)}


def test_the_manifest_names_every_file(site, store, backup):
    files = manifest(backup, store)
    found = files["photos/one.jpg"]
    assert found.sha256 == hashlib.sha256(b"one" * 1000).hexdigest()
    assert (found.size_bytes, found.mode) == (3000, 0o640)
    assert files["photos/é ☃/new\nline.jpg"].size_bytes == 3000
    assert files[os.fsdecode(b"not-utf8-\xff")].size_bytes == 1
    assert files["empty"].mtime_ns == 1_234_567_891_234_567_891
    assert files["link"].link == "photos/one.jpg"


def test_a_large_file_is_streamed(site, store):
    data = os.urandom(9_000_000)
    (site.media_root / "large").write_bytes(data)
    take_backup(site, store=store, now=NIGHT, progress=QUIET)
    digest = hashlib.sha256(data).hexdigest()
    assert store.read(f"socle/local/media/{digest[:2]}/{digest}") == data


def test_what_is_no_file_is_named_as_skipped(site, store):
    os.mkfifo(site.media_root / "pipe")
    media = take_backup(site, store=store, now=NIGHT, progress=QUIET).record.media
    assert [(one.path, one.needs_a_person) for one in media.skipped] == [("pipe", True)]
    assert media.files == 6


@pytest.mark.parametrize("size", [3000, 5_000_000])
def test_a_file_that_keeps_changing_is_named_as_skipped(site, store, monkeypatch, size):
    changing = site.media_root / "changing"
    changing.write_bytes(bytes(size))
    done, written = threading.Event(), threading.Event()

    def keep_writing():
        while not done.is_set():
            with changing.open("r+b") as target:
                target.write(os.urandom(10))
            written.set()

    # The real read, slow enough for the writer to come between.
    fstat = os.fstat

    def slow_fstat(number):
        found = fstat(number)
        if found.st_size == size:
            done.wait(0.05)  # the clock of mtimes is coarse
            for _ in range(2):  # the first write may have begun before
                written.clear()
                assert written.wait(30)
        return found

    monkeypatch.setattr("socle.backups.media.folder_backup.os.fstat", slow_fstat)
    writer = threading.Thread(target=keep_writing)
    writer.start()
    try:
        backup = take_backup(site, store=store, now=NIGHT, progress=QUIET)
    finally:
        done.set()
        writer.join()
    assert [one.path for one in backup.record.media.skipped] == ["changing"]
    assert "changing" not in manifest(backup, store)


def test_a_file_changed_between_hash_and_upload_is_read_again(site, store):
    """Otherwise a content would be stored under another one's name."""
    large, old, new = site.media_root / "large", bytes(5_000_000), b"1" * 5_000_000
    large.write_bytes(old)

    def create(name):
        if "/media/" in name and large.read_bytes() == old:
            with large.open("r+b") as target:
                target.write(new)
        return store.create(name)

    changing = Wrapped(store, create=create)
    backup = take_backup(site, store=changing, now=NIGHT, progress=QUIET)
    digest = hashlib.sha256(new).hexdigest()
    assert manifest(backup, store)["large"].sha256 == digest
    assert store.read(backup.address.shelf.blob(digest)) == new
    assert (
        store.find(backup.address.shelf.blob(hashlib.sha256(old).hexdigest())) is None
    )


def test_a_file_deleted_during_the_walk_is_named_as_skipped(site, store, monkeypatch):
    is_dir = os.DirEntry.is_dir

    def say(line):
        if line.startswith("Media in"):
            monkeypatch.setattr(
                "socle.backups.media.folder_backup.walk", walk_then_delete
            )

    def walk_then_delete(root):
        from_scan = [entry for entry in os.scandir(root) if not is_dir(entry)]
        (root / "empty").unlink()
        return iter(from_scan)

    backup = take_backup(site, store=store, now=NIGHT, progress=Progress(say))
    skipped = backup.record.media.skipped
    assert [(one.path, one.needs_a_person) for one in skipped] == [("empty", False)]


@pytest.mark.skipif(os.getuid() == 0, reason="root may read everything")
def test_an_unreadable_file_is_named_as_skipped(site, store):
    (site.media_root / "empty").chmod(0)
    backup = take_backup(site, store=store, now=NIGHT, progress=QUIET)
    skipped = backup.record.media.skipped
    assert [(one.path, one.needs_a_person) for one in skipped] == [("empty", True)]


def test_a_missing_media_folder_stops_the_backup(site, store):
    unmounted = replace(site, media_root=Path("/nowhere/live"))
    with pytest.raises(MediaUnreadable, match="/nowhere/live is not there"):
        take_backup(unmounted, store=store, now=NIGHT, progress=QUIET)
    assert names_in(store) == []


@pytest.mark.parametrize("path", ["../out", "/tmp/out", "a/../../out", "", "a\0b"])
def test_a_manifest_cannot_write_elsewhere(store, site, tmp_path, path):
    restorer = MediaRestorer(
        store, shelf=site.shelf, folder=tmp_path / "new", keys=Keys()
    )
    with pytest.raises(ObjectDamaged, match="outside media"):
        restorer.restore(MediaFile(path, 0, 0, 0o644))


def test_a_manifest_cannot_write_through_a_link_of_its_own(store, site, tmp_path):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    restorer = MediaRestorer(
        store, shelf=site.shelf, folder=tmp_path / "new", keys=Keys()
    )
    restorer.restore(MediaFile("link", 0, 0, 0o777, link=str(elsewhere)))
    with pytest.raises(ObjectDamaged, match="outside media"):
        restorer.restore(MediaFile("link/folder/out", 0, 0, 0o777, link="anywhere"))
    assert list(elsewhere.iterdir()) == []


@pytest.fixture
def as_nobody():
    """Root may read everything; where that is us, we are somebody else in here."""
    user = os.geteuid()
    if user == 0:
        os.seteuid(65534)
    yield
    os.seteuid(user)


@pytest.fixture
def shared_folder():
    """Like a volume's root: everybody may list it."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        (folder / "a.jpg").touch()
        for closed in ("lost+found", "private"):
            (folder / closed).mkdir()
            (folder / closed).chmod(0)
        (folder / "z.jpg").touch()
        yield folder


def test_a_folder_that_may_not_be_read_is_skipped_and_told(shared_folder, as_nobody):
    found = list(walk(shared_folder))

    assert [one.path for one in found if isinstance(one, Skipped)] == [
        "lost+found/",
        "private/",
    ]
    assert [one.needs_a_person for one in found if isinstance(one, Skipped)] == [
        False,
        True,
    ]
    assert [one.name for one in found if not isinstance(one, Skipped)] == [
        "a.jpg",
        "z.jpg",
    ]


def test_a_media_folder_that_may_not_be_read_at_all_stops_it(shared_folder, as_nobody):
    with pytest.raises(MediaUnreadable, match="Give uid"):
        list(walk(shared_folder / "private"))
