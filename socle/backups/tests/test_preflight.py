import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

from socle.backups.exceptions import NotABackup, RestoreRefused
from socle.backups.format.backup_metadata import read_backup
from socle.backups.format.namespace import parse_url
from socle.backups.restore.preflight import remarks


@pytest.mark.parametrize("part", ["database.dump.zst", "media.jsonl.zst"])
def test_a_part_that_was_replaced_is_seen_before_anything_starts(
    store, backup, restore, untouched, part
):
    name = backup.address.folder + part
    data = bytearray(store.read(name))
    data[50] ^= 1
    store.delete(name)
    store.put(name, bytes(data))
    with untouched(), pytest.raises(NotABackup, match="damaged"):
        restore(backup)


@pytest.mark.parametrize("part", ["database.dump.zst", "media.jsonl.zst"])
def test_a_missing_part_is_seen_before_anything_starts(
    store, backup, restore, untouched, part
):
    store.delete(backup.address.folder + part)
    with untouched(), pytest.raises(NotABackup, match=f"{part} is missing"):
        restore(backup)


def changed(backup, **values):
    database = replace(backup.record.database, **values)
    return replace(backup, record=replace(backup.record, database=database))


def test_a_dump_of_a_newer_server_is_refused(backup, restore, untouched):
    newer = changed(backup, server_version="99.2")
    with untouched(), pytest.raises(RestoreRefused, match="POSTGRES_VERSION=99"):
        restore(newer)


def test_a_dump_of_a_newer_pg_dump_is_refused(backup, restore, untouched):
    newer = changed(backup, pg_dump_version="99.2")
    with untouched(), pytest.raises(RestoreRefused, match="version 99"):
        restore(newer)


def test_media_without_room_are_refused(backup, restore, untouched):
    media = replace(backup.record.media, size_bytes=10**18)
    record = replace(backup.record, media=media)
    with untouched(), pytest.raises(RestoreRefused, match="Make room"):
        restore(replace(backup, record=record))


@pytest.mark.skipif(
    os.getuid() != 0 or not Path("/dev/shm").is_mount(), reason="needs a volume"
)
def test_a_media_folder_that_is_a_volume_is_refused(site, backup, restore, untouched):
    volume = replace(site, media_root=Path("/dev/shm"))
    with untouched(), pytest.raises(RestoreRefused, match="volume of its own"):
        restore(backup, site=volume)


def test_a_backup_of_another_place_is_remarked(site, backup):
    assert remarks(backup, site=site) == []
    other = replace(site, project="other", environment="dev")
    assert [
        ("'socle'" in one, "'local'" in one) for one in remarks(backup, site=other)
    ] == [
        (True, False),
        (False, True),
    ]


def test_a_url_leads_to_the_backup(backup, store):
    assert read_backup(store, parse_url(backup.url)) == backup
    assert read_backup(store, parse_url(backup.url.replace("gs://", "gs:"))) == backup


def test_a_folder_without_a_record_is_no_backup(store, backup):
    store.delete(backup.address.folder + "backup.json")
    with pytest.raises(NotABackup, match="no complete backup.*google_storage.sh -l"):
        read_backup(store, backup.address)


def test_a_record_may_have_more_than_this_code_knows(store, backup):
    name = backup.address.folder + "backup.json"
    values = json.loads(store.read(name))
    values["later"] = values["media"]["later"] = 1
    store.delete(name)
    store.put(name, json.dumps(values).encode())
    assert read_backup(store, backup.address) == backup
