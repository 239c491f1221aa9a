"""Restore a backup for practice, compare everything, and write down that it worked."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime

from socle.backups.exceptions import (
    ObjectDamaged,
    ObjectMissing,
    ObjectRetained,
    RestoreFailed,
)
from socle.backups.format.backup_folders import held
from socle.backups.format.backup_metadata import Backup, DrillProof
from socle.backups.format.namespace import PROOF
from socle.backups.load.database_load import Loading, load_database
from socle.backups.media.folder_restore import restore_media
from socle.backups.postgres.roles import roles_made
from socle.backups.progress import Progress, counted
from socle.backups.restore.preflight import check_fits
from socle.backups.restore.restore_targets import RestoreTargets, clear, create_database
from socle.backups.runs.backup_source import BackupSource
from socle.backups.runs.verify import Verifier
from socle.backups.stores import Store
from socle.backups.swap.swap_recovery import alone
from socle.backups.swap.undo_copies import forget_proven


def drill(
    backup: Backup,
    *,
    site: BackupSource,
    store: Store,
    now: datetime,
    progress: Progress,
    clock: Callable[[], float] = time.monotonic,
) -> DrillProof:
    """
    Restore `backup` into a scratch database and folder, which are removed afterwards,
    and write its proof.json. Nothing live is read or written; what an older restore
    kept for an undo is forgotten.

    Raises AlreadyRunning, or what a restore raises: then nothing is proven.
    """
    began = clock()
    with alone(site, purpose="drill"), held(store, backup.address):
        clear(site.database, site.media_root, kind="drill")
        check_fits(backup, site=site, store=store)
        roles = backup.record.database.roles
        with (
            # The scratch database goes before the roles that its privileges name.
            roles_made(site.database, wanted=roles, for_good=False),
            _scratch(site, now=now) as places,
        ):
            _restore(backup, site=site, store=store, places=places, progress=progress)
        proof = DrillProof(
            proven_at=now.astimezone(UTC),
            duration_seconds=round(clock() - began, 1),
            tables=len(backup.record.database.rows),
            rows=sum(backup.record.database.rows.values()),
            files=backup.record.media.files,
            size_bytes=backup.record.media.size_bytes,
        )
        _write(proof, backup=backup, store=store, progress=progress)
        if backup.address.shelf == site.shelf:  # not of another environment's
            began_at = backup.record.created_at
            forget_proven(site, proven_since=began_at, progress=progress)
    return proof


def _restore(
    backup: Backup,
    *,
    site: BackupSource,
    store: Store,
    places: RestoreTargets,
    progress: Progress,
) -> None:
    progress.say(f"Restoring {backup.url} for practice")
    spare_bytes = 0 if site.media_store_url else backup.record.media.size_bytes
    how = Loading(places.drill_database, site.media_root.parent, spare_bytes)
    load_database(backup, how, store=store, progress=progress)
    if site.media_store_url:
        _read_contents(backup, store=store, progress=progress)
    else:
        restore_media(backup, store=store, folder=places.drill_media, progress=progress)


def _read_contents(backup: Backup, *, store: Store, progress: Progress) -> None:
    """Files of a bucket need not fit on this machine: they are read and compared."""
    damage = Verifier(store, progress=progress).verify(backup).damage
    if damage:
        raise ObjectDamaged(f"{damage[0]} ({counted(len(damage), 'fault')} in all.)")


@contextmanager
def _scratch(site: BackupSource, *, now: datetime) -> Iterator[RestoreTargets]:
    places = RestoreTargets.at(now, database=site.database, media=site.media_root)
    try:
        create_database(places.drill_database)
        _make(places)
        yield places
    finally:
        clear(site.database, site.media_root, kind="drill")


def _make(places: RestoreTargets) -> None:
    try:
        places.drill_media.mkdir()
    except OSError as error:
        raise RestoreFailed(
            f"The folder for the drill cannot be made: {error}. Make room or give "
            "access, then run: ./google_storage.sh -d"
        ) from error


def _write(
    proof: DrillProof, *, backup: Backup, store: Store, progress: Progress
) -> None:
    """In place of an earlier drill's, unless the bucket keeps that one for now."""
    name = backup.address.folder + PROOF
    try:
        with suppress(ObjectMissing):
            store.delete(name)
        store.put(name, proof.to_json())
    except ObjectRetained:
        progress.say(
            f"{store.url}/{name} of an earlier drill stays: the bucket lets nothing be "
            "overwritten for now. This drill proves the same."
        )
