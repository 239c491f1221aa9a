"""What goes wrong on the way back, before the swap: nothing live changes."""

import os
import shutil
from contextlib import contextmanager
from dataclasses import replace

import pytest

from socle.backups.exceptions import RestoreFailed
from socle.backups.services import take_backup
from socle.backups.tests.conftest import NIGHT, QUIET, Wrapped


def damaged(store, name_part, *, at=-20):
    """The store, with one byte flipped on the way back."""

    def flip(name, data):
        if name_part not in name or not data:
            return data
        changed = bytearray(data)
        changed[at] ^= 1
        return bytes(changed)

    @contextmanager
    def open_flipped(name):
        with store.open(name) as source:
            data = flip(name, source.read())
        yield Bytes(data)

    return Wrapped(
        store, open=open_flipped, read=lambda name: flip(name, store.read(name))
    )


class Bytes:
    def __init__(self, data):
        self._data = data

    def read(self, size=-1):
        end = len(self._data) if size < 0 else size
        piece, self._data = self._data[:end], self._data[end:]
        return piece


def lose(media):
    """Each file has to come out of the store then."""
    shutil.rmtree(media)
    media.mkdir()


@pytest.mark.parametrize(
    ("part", "at"),
    [
        ("database.dump.zst", 3000),
        ("database.dump.zst", -1),
        ("media.jsonl.zst", 100),
        ("media.jsonl.zst", -1),
        ("/media/", 0),
    ],
)
def test_a_flipped_byte_stops_the_restore(
    site, store, backup, restore, untouched, part, at
):
    lose(site.media_root)
    with untouched(), pytest.raises(RestoreFailed, match="damaged"):
        restore(backup, store=damaged(store, part, at=at))


def test_a_flipped_byte_in_a_large_file_stops_the_restore(
    site, store, restore, untouched
):
    (site.media_root / "large").write_bytes(os.urandom(5_000_000))
    backup = take_backup(site, store=store, now=NIGHT, progress=QUIET)
    lose(site.media_root)
    flipped = damaged(store, "/media/", at=0)
    with untouched(), pytest.raises(RestoreFailed, match="damaged"):
        restore(backup, store=Wrapped(store, open=flipped.open))


def test_a_truncated_dump_stops_the_restore(store, backup, restore, untouched):
    @contextmanager
    def open_short(name):
        with store.open(name) as source:
            data = source.read()
        yield Bytes(data[:-1] if "dump" in name else data)

    with untouched(), pytest.raises(RestoreFailed):
        restore(backup, store=Wrapped(store, open=open_short))


def test_a_missing_content_stops_the_restore(site, store, backup, restore, untouched):
    lose(site.media_root)
    name = next(store.list(backup.address.shelf.blobs)).name
    store.delete(name)
    with untouched(), pytest.raises(RestoreFailed, match="content of .* is missing"):
        restore(backup)


@pytest.mark.parametrize(
    "script",
    [
        "head -c 1000 >/dev/null; echo no space left >&2; exit 1",
        "echo no space left >&2; exit 1",
        "cat >/dev/null; echo no space left >&2; exit 1",
    ],
)
def test_a_failing_pg_restore_leaves_the_live_data(
    with_tool, site, backup, restore, untouched, script
):
    real = site.database.tool("pg_restore")
    broken = with_tool(
        "pg_restore", f'[ "$1" = --version ] && exec {real} --version\n{script}'
    )
    with untouched(), pytest.raises(RestoreFailed, match="no space left"):
        restore(backup, site=broken)


def test_other_numbers_of_rows_stop_the_restore(backup, restore, untouched):
    database = backup.record.database
    rows = {**database.rows, "public.photo": 501, "public.gone": 3}
    record = replace(backup.record, database=replace(database, rows=rows))
    with untouched(), pytest.raises(RestoreFailed) as caught:
        restore(replace(backup, record=record))
    assert "public.photo has 500 rows instead of 501" in str(caught.value)
    assert "public.gone has no rows instead of 3" in str(caught.value)
    assert "before anything live was changed" in str(caught.value)


def test_a_manifest_of_fewer_files_stops_the_restore(backup, restore, untouched):
    media = replace(backup.record.media, files=7)
    record = replace(backup.record, media=media)
    with untouched(), pytest.raises(RestoreFailed, match="names 6 files"):
        restore(replace(backup, record=record))
