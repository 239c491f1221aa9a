"""The commands as a shell sees them: output, messages, exit statuses."""

import json
import os
import signal
import subprocess
import sys
from dataclasses import replace

import pytest
from django.conf import settings

from socle.backups.format.listing import newest_backup
from socle.backups.runs.run_locks import only_one
from socle.backups.services import take_backup
from socle.backups.tests.conftest import NEXT_NIGHT, QUIET, execute, names_in, picture


@pytest.fixture
def shell(site):
    """Starts `manage.py …` in the environment of the test's own site."""
    environment = os.environ | {
        "POSTGRES_DB": site.database.name,
        "POSTGRES_BIN": site.database.tools,
        "MEDIA_ROOT": str(site.media_root),
        "BACKUP_STORAGE_URL": site.store_url,
        "COLUMNS": "80",
    }

    def start(*arguments, **changes):
        return subprocess.Popen(
            [sys.executable, "manage.py", *arguments],
            cwd=settings.BASE_DIR,
            env=environment | changes,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    return start


def test_back_up_list_and_restore(site, store, shell):
    def manage(*arguments):
        process = shell(*arguments)
        out, err = process.communicate(timeout=60)
        return process.returncode, out, err

    files = picture(site.media_root)
    status, out, err = manage("backup")
    url = newest_backup(store, shelf=site.shelf).url
    assert (status, out) == (0, f"{url}\n")
    assert "6 tables, 604 rows" in err
    assert "6 files, 9.0 kB; new: 4 files, 6.0 kB" in err

    status, out, _ = manage("list_backups")
    assert status == 0
    assert out.splitlines()[1].startswith(f"{url}  20")

    execute(site.database, "DROP TABLE photo CASCADE")
    (site.media_root / "photos" / "one.jpg").unlink()
    status, out, err = manage("restore_backup", "latest", "--yes")
    assert status == 0, err
    assert f"{site.database.name}_before_" in out
    assert execute(site.database, "SELECT count(*) FROM photo") == [(500,)]
    assert picture(site.media_root) == files
    assert "./google_storage.sh -u" in out

    status, out, err = manage("undo_restore", "--yes")
    assert status == 0, err
    assert execute(site.database, "SELECT to_regclass('photo')") == [(None,)]


def test_list_backups_as_json(backup, manage):
    status, out, _ = manage("list_backups", "--json")
    (record,) = json.loads(out)
    assert status == 0
    assert record["url"] == backup.url
    assert record["database"]["rows"]["public.photo"] == 500


def test_the_latest_of_another_environment_is_found_by_its_name(
    site, store, backup, manage
):
    other = replace(site, environment="other")
    execute(site.database, "DELETE FROM other.photo")
    theirs = take_backup(other, store=store, now=NEXT_NIGHT, progress=QUIET)

    status, out, _ = manage("list_backups", "--of", "other")
    assert (status, out.splitlines()[1].split()[0]) == (0, theirs.url)
    assert theirs.url not in manage("list_backups")[1]

    execute(site.database, "INSERT INTO other.photo VALUES (42)")
    status, _, err = manage("restore_backup", "latest", "--of", "other", "--yes")
    assert status == 0, err
    assert execute(site.database, "SELECT id FROM other.photo") == []


def test_an_empty_list_names_the_next_command(manage):
    status, out, err = manage("list_backups")
    assert (status, out) == (0, "")
    assert "google_storage.sh -b" in err


def test_nothing_is_restored_unasked(site, backup, manage):
    execute(site.database, "INSERT INTO other.photo VALUES (42)")
    status, _, err = manage("restore_backup", backup.url, stdin="y\n")
    assert status == 2
    assert "--yes" in err
    assert execute(site.database, "SELECT id FROM other.photo") == [(42,)]


@pytest.mark.parametrize("command", [["backup"], ["restore_backup", "latest", "--yes"]])
def test_a_second_run_exits_with_2(site, backup, manage, command):
    with only_one(site.database, purpose="backup"):
        status, _, err = manage(*command)
    assert status == 2
    assert "Another run holds the lock: backup on" in err


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("somewhere", "not a backup's address"),
        ("gs://socle-tests/a/b/backups/2026-01-01T00-00-00Z", "no complete backup"),
        ("gs://no-bucket/a/b/backups/2026-01-01T00-00-00Z", "no bucket 'no-bucket'"),
    ],
)
def test_a_wrong_url_exits_with_1(manage, url, words):
    status, _, err = manage("restore_backup", url, "--yes")
    assert (status, words in err) == (1, True), err
    assert "Traceback" not in err


def test_an_unreachable_server_exits_with_1(manage):
    status, _, err = manage("backup", HOST="/nowhere")
    assert status == 1
    assert "on /nowhere cannot be reached" in err
    assert "Traceback" not in err


def test_a_file_that_could_not_be_kept_exits_with_1(site, store, manage):
    os.mkfifo(site.media_root / "pipe")
    status, out, err = manage("backup")
    assert status == 1
    assert "'pipe', it is neither a file nor a link" in err
    assert out == f"{newest_backup(store, shelf=site.shelf).url}\n"


@pytest.mark.parametrize("moment", ["Dumping", "Media in"])
def test_sigterm_ends_a_backup_without_a_trace(site, store, shell, moment):
    execute(site.database, "CREATE TABLE big AS SELECT generate_series(1, 2000000)")
    for number in range(500):
        (site.media_root / str(number)).write_bytes(os.urandom(20_000))
    process = shell("backup")
    while moment not in (line := process.stderr.readline()):
        assert line, "the backup ended before it was to be ended"
    process.send_signal(signal.SIGTERM)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 128 + signal.SIGTERM, err
    assert names_in(store, site.shelf.backups) == []
    with only_one(site.database, purpose="backup"):
        pass


def test_check_storage_says_what_it_did(manage, site):
    status, out, err = manage("check_storage")
    assert (status, out) == (0, f"{site.store_url} can keep backups.\n")
    assert all(word in err for word in ("Wrote", "Read", "Deleted"))


@pytest.mark.parametrize(("key", "status"), [("{", 2), ("{}", 1)])
def test_check_storage_refuses_an_unusable_key(manage, key, status):
    found, _, err = manage("check_storage", "-", stdin=key)
    assert found == status
    assert "Traceback" not in err


def test_the_password_is_on_no_command_line(with_tool, site, store, shell, tmp_path):
    real = site.database.tool("pg_dump")
    noted = tmp_path / "noted"
    site = with_tool("pg_dump", f'echo "$@" >>{noted}; exec {real} "$@"')
    process = shell(
        "backup", POSTGRES_BIN=site.database.tools, POSTGRES_PASSWORD="hush hush"
    )
    assert process.communicate(timeout=60)[0]
    assert "--snapshot" in noted.read_text()
    assert "hush" not in noted.read_text()
