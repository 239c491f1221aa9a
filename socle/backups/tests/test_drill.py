from dataclasses import replace
from uuid import uuid4

import pyrage
import pytest

from socle.backups.exceptions import (
    AlreadyRunning,
    BackupError,
    KeyMissing,
    ObjectDamaged,
    RestoreFailed,
)
from socle.backups.format.backup_metadata import read_backup
from socle.backups.format.encryption import Keys
from socle.backups.restore.restore_targets import (
    RestoreTargets,
    create_database,
    databases_of,
    folders_of,
)
from socle.backups.runs.drill import drill
from socle.backups.runs.run_locks import only_one
from socle.backups.services import take_backup
from socle.backups.stores import open_store
from socle.backups.swap.undo_copies import kept
from socle.backups.tests.conftest import (
    NEXT_NIGHT,
    NIGHT,
    QUIET,
    ROWS,
    execute,
    names_in,
)


@pytest.fixture
def practise(site, store):
    def run(backup, *, site=site, now=NEXT_NIGHT):
        return drill(backup, site=site, store=store, now=now, progress=QUIET)

    return run


def proof_in(store, backup):
    return read_backup(store, backup.address).proof


def leftovers(site):
    return [
        *databases_of(site.database, kind="drill"),
        *folders_of(site.media_root, kind="drill"),
    ]


def test_a_drill_leaves_a_proof_and_nothing_else(
    site, store, backup, practise, untouched
):
    with untouched():
        proof = practise(backup)
    assert leftovers(site) == []
    assert proof_in(store, backup) == proof
    assert (proof.proven_at, proof.tables, proof.rows) == (
        NEXT_NIGHT,
        len(ROWS),
        sum(ROWS.values()),
    )
    assert (proof.files, proof.size_bytes) == (6, 9001)


def test_a_second_drill_replaces_the_proof(store, backup, practise):
    practise(backup)
    later = NEXT_NIGHT.replace(hour=5)
    practise(backup, now=later)
    assert proof_in(store, backup).proven_at == later


def test_a_backup_that_does_not_come_back_is_not_proven(
    site, store, backup, practise, untouched
):
    name = next(found.name for found in store.list(site.shelf.blobs))
    store.delete(name)
    with untouched(), pytest.raises(BackupError, match="missing"):
        practise(backup)
    assert proof_in(store, backup) is None
    assert leftovers(site) == []


def test_rows_that_are_fewer_are_no_proof(store, backup, practise, untouched):
    database = replace(backup.record.database, rows=ROWS | {"public.photo": 501})
    wrong = replace(backup, record=replace(backup.record, database=database))
    with untouched(), pytest.raises(RestoreFailed, match="500 rows instead of 501"):
        practise(wrong)
    assert proof_in(store, backup) is None


def test_a_changed_content_is_no_proof(site, store, backup, practise):
    name = next(found.name for found in store.list(site.shelf.blobs))
    store.delete(name)
    store.put(name, b"something else")
    with pytest.raises(ObjectDamaged):
        practise(backup)
    assert proof_in(store, backup) is None


def test_what_a_killed_drill_left_is_removed(site, backup, practise):
    places = RestoreTargets.at(NIGHT, database=site.database, media=site.media_root)
    create_database(places.drill_database)
    places.drill_media.mkdir()
    (places.drill_media / "half").write_bytes(b"half")
    practise(backup)
    assert leftovers(site) == []


def test_a_drill_waits_for_nobody(site, backup, practise):
    with only_one(site.database, purpose="backup"), pytest.raises(AlreadyRunning):
        practise(backup)


def test_an_encrypted_backup_is_proven_with_its_key_alone(site, store, practise):
    keys = Keys((pyrage.x25519.Identity.generate(),))
    sealed = take_backup(
        replace(site, keys=keys), store=store, now=NIGHT, progress=QUIET
    )
    assert practise(sealed).files == 6
    with pytest.raises(KeyMissing):
        practise(replace(sealed, keys=Keys()))


def test_a_proof_is_kept_within_the_backups_folder(store, backup, practise):
    practise(backup)
    assert f"{backup.address.folder}proof.json" in names_in(store)


def test_a_proof_of_a_newer_backup_ends_what_is_kept_for_an_undo(
    site, store, backup, restore, practise
):
    restore(backup)  # in the next night
    practise(backup, now=NEXT_NIGHT.replace(hour=4))
    assert len(kept(site)) == 1  # it is older than the restore
    later = NEXT_NIGHT.replace(hour=5)
    newer = take_backup(site, store=store, now=later, progress=QUIET)
    practise(newer, now=NEXT_NIGHT.replace(hour=6))
    assert kept(site) == []


def test_files_of_a_bucket_are_read_where_they_are(site, store, practise):
    media = open_store(f"{store.url}-media")
    media.put("one.jpg", b"one")
    in_bucket = replace(site, media_store_url=media.url)
    backup = take_backup(in_bucket, store=store, now=NIGHT, progress=QUIET)
    assert practise(backup, site=in_bucket).files == 1
    for found in list(store.list(site.shelf.blobs)):
        store.delete(found.name)
    with pytest.raises(ObjectDamaged, match="1 fault in all"):
        practise(backup, site=in_bucket)


def test_roles_that_only_the_drill_needed_go_with_it(site, store, practise):
    role = f"clerk_{uuid4().hex[:8]}"
    execute(site.database, f"CREATE ROLE {role}; GRANT SELECT ON photo TO {role}")
    backup = take_backup(site, store=store, now=NIGHT, progress=QUIET)
    execute(site.database, f"DROP OWNED BY {role}; DROP ROLE {role}")
    practise(backup)
    found = f"SELECT count(*) FROM pg_roles WHERE rolname = '{role}'"
    assert execute(site.database, found) == [(0,)]
