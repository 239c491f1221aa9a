"""The swap takes everything or nothing, whatever fails in it."""

import json
from dataclasses import replace

import psycopg2
import pytest

from socle.backups.exceptions import LookAtIt, RestoreFailed
from socle.backups.restore.restore_targets import drop_database
from socle.backups.runs.run_locks import only_one
from socle.backups.swap import database_swap as swapping
from socle.backups.swap.database_swap import swap
from socle.backups.swap.swap_journal import journal_path, read_journal, write_journal
from socle.backups.swap.swap_recovery import settle
from socle.backups.tests.conftest import execute, picture
from socle.backups.tests.swapping import live_state, make_ready, siblings


@pytest.fixture
def swap_now(site):
    def run(plan):
        with only_one(site.database, purpose="restore") as lock:
            swap(plan, site=site, lock=lock)

    return run


def test_a_swap_makes_the_new_ones_live_and_keeps_the_old_ones(site, swap_now):
    plan, files = make_ready(site), picture(site.media_root)
    swap_now(plan)
    assert live_state(site) == "new"
    assert picture(site.media_root.parent / plan.media.old) == files
    old = site.database.named(plan.database.old)
    assert execute(old, "SELECT count(*) FROM photo") == [(500,)]
    assert siblings(site) == {"live", plan.media.old}


def test_the_lock_outlives_no_transaction_of_the_swap(site, monkeypatch):
    """Whoever gets it after kill -9 finds the commit done or not, never under way."""
    plan, sessions, rename = make_ready(site), set(), swapping._rename

    def noted(cursor, *names):
        sessions.add(cursor.connection.info.backend_pid)
        rename(cursor, *names)

    monkeypatch.setattr(swapping, "_rename", noted)
    with only_one(site.database, purpose="restore") as lock:
        swapping.swap(plan, site=site, lock=lock)
        with lock.transaction() as cursor:
            cursor.execute(
                "SELECT pid FROM pg_locks WHERE locktype = 'advisory' "
                "AND pid = pg_backend_pid()"
            )
            assert sessions == {pid for (pid,) in cursor.fetchall()}


def test_a_swap_of_the_database_leaves_the_media(site, swap_now):
    plan, files = replace(make_ready(site), media=None), picture(site.media_root)
    swap_now(plan)
    assert execute(site.database, "SELECT * FROM mark") == []
    assert picture(site.media_root) == files


def test_a_swap_of_the_media_leaves_the_database(site, swap_now):
    plan = replace(make_ready(site), database=None)
    swap_now(plan)
    assert execute(site.database, "SELECT count(*) FROM photo") == [(500,)]
    assert set(picture(site.media_root)) == {b"mark"}


def test_a_swap_that_fails_at_the_folders_is_taken_back(site, swap_now, monkeypatch):
    plan = make_ready(site)

    def full(*args, **words):
        raise OSError("no space left")

    monkeypatch.setattr("socle.backups.swap.folder_swap.Path.rename", full)
    monkeypatch.setattr(
        "socle.backups.swap.database_swap.write_journal", lambda *args: None
    )
    with pytest.raises(RestoreFailed, match="taken back: no space left"):
        swap_now(plan)
    monkeypatch.undo()
    assert live_state(site) == "old"


def test_a_journal_that_cannot_be_written_stops_the_swap(site, swap_now, monkeypatch):
    plan = make_ready(site)
    before = siblings(site)

    def full(number):
        raise OSError("no space left")

    monkeypatch.setattr("socle.backups.swap.swap_journal.os.fsync", full)
    with pytest.raises(RestoreFailed, match="no space left"):
        swap_now(plan)
    assert live_state(site) == "old"
    assert siblings(site) == before


@pytest.mark.parametrize("is_committed", [False, True])
def test_a_commit_whose_answer_is_lost_is_settled(
    site, swap_now, monkeypatch, is_committed
):
    plan = make_ready(site)

    class Broken(psycopg2.extensions.connection):
        def commit(self):
            if is_committed:
                super().commit()
            self.close()
            raise psycopg2.OperationalError("server closed the connection")

    connect = psycopg2.connect
    monkeypatch.setattr(
        "socle.backups.postgres.connection.psycopg2.connect",
        lambda **words: connect(**words, connection_factory=Broken),
    )
    if is_committed:
        swap_now(plan)
    else:
        with pytest.raises(RestoreFailed, match="taken back: server closed"):
            swap_now(plan)
    monkeypatch.undo()
    assert live_state(site) == ("new" if is_committed else "old")
    assert not journal_path(site.media_root).exists()


def test_a_swap_without_the_new_database_is_taken_back(site, swap_now):
    plan = make_ready(site)
    drop_database(site.database.named(plan.database.new))
    with pytest.raises(RestoreFailed, match="does not exist"):
        swap_now(plan)
    assert live_state(site) == "old"
    assert not journal_path(site.media_root).exists()


def test_what_an_upload_puts_between_the_renames_goes_to_the_old_media(
    site, swap_now, monkeypatch
):
    plan = make_ready(site)
    rename = type(site.media_root).rename

    def with_an_upload(path, target):
        result = rename(path, target)
        if path == site.media_root:
            (path / "photos").mkdir(parents=True)
            (path / "photos" / "late.jpg").write_bytes(b"late")
        return result

    monkeypatch.setattr("pathlib.Path.rename", with_an_upload)
    swap_now(plan)
    monkeypatch.undo()
    assert live_state(site) == "new"
    old = site.media_root.parent / plan.media.old
    assert (old / "photos" / "late.jpg").read_bytes() == b"late"
    assert (old / "photos" / "one.jpg").exists()


def test_a_journal_without_its_databases_is_left_for_a_person(site):
    plan = make_ready(site)
    odd = replace(plan, database=replace(plan.database, live="gone", old="gone_too"))
    write_journal(site.media_root, odd)
    files = picture(site.media_root)
    with pytest.raises(LookAtIt, match="gone does not exist"):
        settle(site)
    assert picture(site.media_root) == files
    assert read_journal(site.media_root) == odd


def test_a_file_that_is_no_journal_is_left_for_a_person(site):
    journal_path(site.media_root).write_text(json.dumps({"database": 1}))
    with pytest.raises(LookAtIt, match="live.swap"):
        settle(site)
    assert journal_path(site.media_root).exists()
