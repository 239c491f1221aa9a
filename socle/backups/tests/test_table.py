from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from socle.backups.exceptions import NotABackup
from socle.backups.format.backup_metadata import (
    Backup,
    BackupMetadata,
    DatabasePart,
    DrillProof,
    MediaPart,
    StoredPart,
)
from socle.backups.format.namespace import (
    Address,
    BackupNamespace,
    backup_id,
    moment_of,
    parse_url,
)
from socle.backups.progress import readable_age, readable_size
from socle.backups.table import backups_table

TAKEN = datetime(2026, 11, 21, 3, 0, 0, tzinfo=UTC)
URL = "gs://a-bucket/with/prefix/socle/prod/backups/2026-11-21T03-00-00Z"


@pytest.fixture
def backup():
    part = StoredPart("database.dump.zst", 37_000_000, "0" * 64, "AAAAAA==")
    database = DatabasePart("socle", "17.6", "17.6", part, 1, {}, {})
    media = MediaPart(part, 5000, 997_000_000, 50, 10_000_000)
    record = BackupMetadata(1, "socle", "prod", TAKEN, 4.9, "5.2", database, media)
    return Backup(parse_url(URL), record)


def lines(backups, width):
    now = TAKEN + timedelta(hours=7)
    return backups_table(backups, now=now, width=width).splitlines()


def test_a_wide_table_has_one_line_a_backup(backup):
    title, line = lines([backup], 200)
    assert title.split() == [
        "URL",
        "Taken",
        "(UTC)",
        "Age",
        "Database",
        "Files",
        "Media",
        "New",
        "Proven",
    ]
    assert line.split("  ") == [
        URL,
        "2026-11-21 03:00",
        "7 h",
        " 37.0 MB",
        "5,000",
        "997.0 MB",
        "84.0 MB",
        "-",
    ]


def test_a_proof_shows_with_its_day(backup):
    proven = replace(
        backup, proof=DrillProof(TAKEN + timedelta(days=1), 9.0, 1, 1, 1, 1)
    )
    assert lines([proven], None)[1].endswith("  2026-11-22")
    assert "  2026-11-21 03:00 UTC, 7 h ago, proven 2026-11-22" in lines([proven], 80)


def test_a_pipe_gets_whole_lines(backup):
    long = replace(
        backup, address=replace(backup.address, store_url="gs://" + "b" * 300)
    )
    assert lines([long], None)[1].split()[0] == long.url


def test_eighty_columns_get_three_lines_a_backup(backup):
    assert lines([backup, backup], 80) == 2 * [
        URL,
        "  2026-11-21 03:00 UTC, 7 h ago, not proven",
        "  database 37.0 MB, 5,000 files 997.0 MB, new 84.0 MB",
    ]


def test_a_record_comes_back_from_json(backup):
    assert BackupMetadata.from_json(backup.record.to_json()) == backup.record


@pytest.mark.parametrize(
    "written",
    [URL, f"{URL}/", URL.replace("gs://", "gs:"), URL.replace("gs://", "gs:/")],
)
def test_parse_url_understands_old_habits(written):
    assert parse_url(written) == Address(
        "gs://a-bucket/with/prefix",
        BackupNamespace("socle", "prod"),
        "2026-11-21T03-00-00Z",
    )
    assert parse_url(written).url == URL


def test_parse_url_knows_folders():
    address = parse_url("file:///mnt/a/socle/dev/backups/2026-11-21T03-00-00Z")
    assert address.store_url == "file:///mnt/a"


@pytest.mark.parametrize(
    "written",
    ["", "latest", "gs://b/socle/prod", URL.removesuffix("Z"), f"{URL}/backup.json"],
)
def test_parse_url_refuses_what_is_no_backup(written):
    with pytest.raises(NotABackup, match="google_storage.sh -l"):
        parse_url(written)


def test_an_id_is_in_utc_and_comes_back():
    cairo = datetime.fromisoformat("2026-11-21T05:00:00+02:00")
    assert backup_id(cairo) == "2026-11-21T03-00-00Z"
    assert moment_of(backup_id(cairo)) == cairo


@pytest.mark.parametrize(
    ("size", "words"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1.0 kB"),
        (999_949, "999.9 kB"),
        (999_951, "1.0 MB"),
        (47_000_000, "47.0 MB"),
        (12_300_000_000_000, "12.3 TB"),
    ],
)
def test_sizes_are_readable(size, words):
    assert readable_size(size) == words


@pytest.mark.parametrize(
    ("age", "words"),
    [(-5, "0 min"), (119 * 60, "119 min"), (7200, "2 h"), (200_000, "2 days")],
)
def test_ages_are_readable(age, words):
    assert readable_age(age) == words
