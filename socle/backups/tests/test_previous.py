"""What a restore replaced: kept, swapped in again, forgotten."""

from dataclasses import replace
from datetime import timedelta

import pytest

from socle.backups.exceptions import AlreadyRunning, NothingKept, RestoreFailed
from socle.backups.postgres.connection import MAINTENANCE
from socle.backups.restore.restore_targets import (
    Parts,
    databases_of,
    drop_database,
    folders_of,
)
from socle.backups.restore.run_restore import Choices, restore_backup
from socle.backups.runs.run_locks import only_one
from socle.backups.swap.undo_copies import (
    drop_rest,
    forget,
    forget_proven,
    kept,
    undo_restore,
)
from socle.backups.tests.conftest import (
    FINGERPRINT,
    NEXT_NIGHT,
    NIGHT,
    QUIET,
    execute,
    picture,
)

LATER = NEXT_NIGHT + timedelta(hours=1)


def state(site):
    return picture(site.media_root), execute(site.database, FINGERPRINT)


@pytest.fixture
def undo(site):
    def run(now=LATER):
        return undo_restore(site, now=now, progress=QUIET)

    return run


@pytest.fixture
def changed(site, backup):
    """Live is no longer what the backup has."""
    execute(site.database, "UPDATE photo SET name = 'changed' WHERE id = 1")
    (site.media_root / "late").write_bytes(b"late")
    return state(site)


def test_an_undo_brings_back_what_the_restore_replaced(
    site, backup, changed, restore, undo
):
    restore(backup)
    restored = state(site)
    assert restored != changed
    undo()
    assert state(site) == changed


def test_an_undo_can_be_undone(site, backup, changed, restore, undo):
    restore(backup)
    restored = state(site)
    undo()
    undo(LATER + timedelta(hours=1))
    assert state(site) == restored
    undo(LATER + timedelta(hours=2))
    assert state(site) == changed
    assert len(kept(site)) == 1


def test_an_undo_right_after_the_restore_has_a_name_of_its_own(
    site, backup, changed, restore, undo
):
    restore(backup)
    undo(NEXT_NIGHT)
    assert state(site) == changed
    assert kept(site)[0].replaced_at == NEXT_NIGHT + timedelta(seconds=1)


def test_a_restore_after_the_clock_was_put_back_has_a_name_of_its_own(
    site, backup, changed, restore, undo
):
    restore(backup)
    restored = state(site)
    (site.media_root / "later").write_bytes(b"later")
    restore(backup)
    restore(backup, now=NIGHT)
    assert state(site) == restored
    assert [one.replaced_at - NEXT_NIGHT for one in kept(site)] == [
        timedelta(seconds=2)
    ]


@pytest.mark.parametrize("part", [Parts.DATABASE, Parts.MEDIA])
def test_an_undo_takes_back_only_the_part_that_was_restored(
    site, store, backup, changed, undo, part
):
    files, rows = changed
    restore_backup(
        backup,
        site=site,
        store=store,
        now=NEXT_NIGHT,
        progress=QUIET,
        choices=Choices(parts=part),
    )
    found = state(site)
    assert (found[0] != files) == (part is Parts.MEDIA)
    assert (found[1] != rows) == (part is Parts.DATABASE)
    (one,) = kept(site)
    assert (one.database is None) == (part is Parts.MEDIA)
    assert (one.folder is None) == (part is Parts.DATABASE)
    undo()
    assert state(site) == changed


def test_an_undo_of_nothing_says_so(site, undo):
    with pytest.raises(NothingKept, match="google_storage.sh -l"):
        undo()


def without_bytes(copies):
    """A right that the site's role is given makes the database some bytes larger."""
    return [replace(copy, database_bytes=0) for copy in copies]


def test_an_undo_that_fails_changes_nothing(
    site, backup, restore, undo, changed, monkeypatch
):
    restore(backup)
    before, kept_before = state(site), without_bytes(kept(site))

    def broken(*args, **words):
        raise OSError("no")

    monkeypatch.setattr("socle.backups.swap.database_swap.write_journal", broken)
    with pytest.raises(RestoreFailed, match="taken back"):
        undo()
    assert state(site) == before
    assert without_bytes(kept(site)) == kept_before


def test_an_undo_waits_for_no_other_run(site, backup, restore, undo):
    restore(backup)
    with (
        only_one(site.database, purpose="backup"),
        pytest.raises(AlreadyRunning, match="backup on"),
    ):
        undo()


def test_what_is_kept_is_told_with_its_size(site, backup, restore):
    (site.media_root / "large").write_bytes(b"x" * 4_000_000)
    restore(backup)
    (one,) = kept(site)
    assert 4_000_000 < one.folder_bytes < 4_100_000
    assert one.database_bytes > 1_000_000
    assert one.replaced_at == NEXT_NIGHT
    assert "4.0 MB" in str(one)
    assert "replaced 2026-11-22 03:00 UTC" in str(one)


def test_forgetting_drops_what_is_kept_and_nothing_else(site, backup, restore):
    restore(backup)
    live, (one,) = state(site), kept(site)
    assert forget(site, progress=QUIET) == one.size_bytes
    assert kept(site) == []
    assert state(site) == live
    assert databases_of(site.database, kind="before") == []
    with pytest.raises(NothingKept):
        forget(site, progress=QUIET)


class Killed(BaseException):
    """As if the process were gone: nobody cleans up."""


def killed(*args, **words):
    raise Killed


@pytest.mark.parametrize("before", ["drop_database", "remove_folder"])
def test_what_a_killed_forgetting_began_is_never_swapped_in(
    site, backup, restore, undo, monkeypatch, before
):
    restore(backup)
    live = state(site)
    with monkeypatch.context() as patch:
        patch.setattr(f"socle.backups.swap.undo_copies.{before}", killed)
        with pytest.raises(Killed):
            forget(site, progress=QUIET)
    with pytest.raises(NothingKept):
        undo()
    assert state(site) == live
    with pytest.raises(NothingKept):
        forget(site, progress=QUIET)
    assert databases_of(site.database, kind="before") == []
    assert folders_of(site.media_root, kind="dropped") == []


def test_a_database_that_postgres_half_dropped_is_never_swapped_in(
    site, backup, restore, undo
):
    restore(backup)
    live, (one,) = state(site), kept(site)
    execute(
        site.database.named(MAINTENANCE),
        "UPDATE pg_database SET datconnlimit = -2 "
        f"WHERE datname = '{one.database.name}'",
    )
    with pytest.raises(NothingKept):
        undo()
    assert state(site) == live
    drop_rest(site)
    assert databases_of(site.database, kind="before") == []
    assert folders_of(site.media_root, kind="before") == []
    assert folders_of(site.media_root, kind="dropped") == []


@pytest.mark.parametrize(("minutes", "stays"), [(-1, 1), (0, 1), (1, 0)])
def test_what_was_kept_before_a_proven_backup_is_forgotten(
    site, backup, restore, minutes, stays
):
    restore(backup)
    proven_since = NEXT_NIGHT + timedelta(minutes=minutes)
    forget_proven(site, proven_since=proven_since, progress=QUIET)
    assert len(kept(site)) == stays


def test_an_undo_works_when_the_live_database_is_gone(
    site, backup, changed, restore, undo
):
    restore(backup)
    drop_database(site.database)
    undo()
    assert state(site) == changed
