"""What lies in the live folder is not fetched, if it is the right thing."""

import os

import pytest

from socle.backups.exceptions import RestoreFailed
from socle.backups.services import take_backup
from socle.backups.tests.conftest import NIGHT, QUIET, Wrapped, picture


@pytest.fixture
def fetched(store):
    """A store, and the contents that were read out of it."""
    names = []

    def noted(method):
        def run(name):
            if "/media/" in name:
                names.append(name)
            return method(name)

        return run

    return Wrapped(store, read=noted(store.read), open=noted(store.open)), names


def test_only_what_differs_is_fetched(site, backup, restore, fetched):
    store, names = fetched
    files = picture(site.media_root)
    (site.media_root / "photos" / "again.jpg").write_bytes(b"eno" * 1000)
    os.utime(site.media_root / "photos" / "again.jpg", ns=(1, 1))
    restore(backup, store=store)
    assert len(names) == 1
    assert picture(site.media_root) == files


@pytest.mark.parametrize("instead", ["nothing", "shorter", "link", "pipe", "folder"])
def test_anything_else_in_its_place_is_fetched(site, backup, restore, fetched, instead):
    store, names = fetched
    files = picture(site.media_root)
    path = site.media_root / "photos" / "one.jpg"
    path.unlink()
    match instead:
        case "shorter":
            path.write_bytes(b"one")
        case "link":
            path.symlink_to("again.jpg")
        case "pipe":
            os.mkfifo(path)
        case "folder":
            path.mkdir()
    restore(backup, store=store)
    assert len(names) == 1
    assert picture(site.media_root) == files


def test_the_restored_file_is_not_the_live_one(site, backup, restore):
    places = restore(backup)
    with (places.old_media / "photos" / "one.jpg").open("r+b") as file:
        file.write(b"written in place")
    assert (site.media_root / "photos" / "one.jpg").read_bytes() == b"one" * 1000


def test_a_large_file_at_hand_is_copied_whole(site, store, restore, fetched):
    (site.media_root / "large").write_bytes(os.urandom(5_000_000))
    backup = take_backup(site, store=store, now=NIGHT, progress=QUIET)
    files = picture(site.media_root)
    restore(backup, store=fetched[0])
    assert fetched[1] == []
    assert picture(site.media_root) == files


def test_what_is_neither_at_hand_nor_in_the_store_stops_the_restore(
    site, store, backup, restore
):
    for found in list(store.list(backup.address.shelf.blobs)):
        store.delete(found.name)
    (site.media_root / "photos" / "one.jpg").unlink()
    with pytest.raises(RestoreFailed, match="content of 'photos/one.jpg' is missing"):
        restore(backup)
