"""Removes the backups that the policy does not keep, then what no other names."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime

from socle.backups.exceptions import NotABackup
from socle.backups.format.backup_folders import Folder, delete_all, list_folders
from socle.backups.format.backup_metadata import Backup, read_backup
from socle.backups.format.encryption import Keys
from socle.backups.format.namespace import Address, BackupNamespace
from socle.backups.gc.retention import Policy, kept
from socle.backups.gc.sweep import SweepResult, sweep
from socle.backups.progress import Progress
from socle.backups.restore.restore_targets import clear
from socle.backups.runs.backup_source import BackupSource
from socle.backups.stores import Store
from socle.backups.swap.swap_recovery import alone
from socle.backups.swap.undo_copies import drop_rest
from socle.backups.threads import THREADS, map_in_threads

BEING_READ = "being restored"
UNREADABLE = "cannot be read"
NAMED_BY_HAND = "named by hand"


@dataclass(frozen=True)
class RetentionVerdict:
    """About one complete backup: the reasons why it stays; none means that it goes."""

    address: Address
    folder: Folder
    reasons: list[str]

    @property
    def goes(self) -> bool:
        return not self.reasons


@dataclass(frozen=True)
class Pruned:
    removed: list[RetentionVerdict]
    retained: list[RetentionVerdict]
    """Those that would go, and that the bucket itself keeps for now."""
    kept: int
    swept: SweepResult

    @property
    def freed_bytes(self) -> int:
        folders = sum(verdict.folder.size_bytes for verdict in self.removed)
        return folders + self.swept.size_bytes


def plan_prune(
    shelf: BackupNamespace, *, store: Store, keys: Keys, policy: Policy, now: datetime
) -> list[RetentionVerdict]:
    """
    What a prune would do with each complete backup, newest first. A backup that cannot
    be read stays, and takes no other one's place.
    """
    store.prepare()
    folders = [one for one in list_folders(store, shelf=shelf) if one.is_complete]

    def read(folder: Folder) -> Backup | None:
        try:
            return read_backup(store, Address(store.url, shelf, folder.id), keys=keys)
        except NotABackup:
            return None

    read_ones = dict(
        zip(
            [folder.id for folder in folders],
            map_in_threads(read, folders, threads=THREADS),
            strict=True,
        )
    )
    stay = _kept(folders, read_ones=read_ones, policy=policy, now=now)
    return [
        RetentionVerdict(
            Address(store.url, shelf, folder.id),
            folder,
            _reasons(folder, backup=read_ones[folder.id], stay=stay),
        )
        for folder in folders
    ]


def _kept(
    folders: list[Folder],
    *,
    read_ones: dict[str, Backup | None],
    policy: Policy,
    now: datetime,
) -> dict[datetime, list[str]]:
    counted = {
        folder.moment: (folder, backup)
        for folder in folders
        if folder.moment and (backup := read_ones[folder.id])
    }
    return kept(
        counted,
        policy=policy,
        now=now.astimezone(UTC),
        proven={moment for moment, (_, backup) in counted.items() if backup.proof},
        protected={
            moment: BEING_READ
            for moment, (folder, _) in counted.items()
            if folder.holds
        },
    )


def _reasons(
    folder: Folder, *, backup: Backup | None, stay: dict[datetime, list[str]]
) -> list[str]:
    if folder.moment is None:
        return [NAMED_BY_HAND]
    if backup is None:
        return [UNREADABLE]
    return stay.get(folder.moment, [])


def prune(
    site: BackupSource,
    *,
    store: Store,
    policy: Policy,
    now: datetime,
    progress: Progress,
    only: Collection[str] | None = None,
) -> Pruned:
    """
    Remove the backups that go, oldest first, then sweep; before that, what killed
    restores and drills left on this machine and its server.

    only: the ids that somebody agreed to; others stay, whatever the plan says by now.

    Raises AlreadyRunning; PruneRefused, when the store deletes nothing or a backup
    that stays cannot be read; StoreUnavailable, ServerUnavailable (try again).
    """
    with alone(site, purpose="prune") as lock:
        for kind in ("restore", "drill"):
            clear(site.database, site.media_root, kind=kind)
        drop_rest(site)
        plan = plan_prune(
            site.shelf, store=store, keys=site.keys, policy=policy, now=now
        )
        going = [
            verdict
            for verdict in reversed(plan)
            if verdict.goes and (only is None or verdict.address.id in only)
        ]
        removed: list[RetentionVerdict] = []
        retained: list[RetentionVerdict] = []
        for verdict in going:
            lock.check()
            progress.say(f"Removing {verdict.address.url}")
            is_gone = delete_all(store, verdict.folder.in_order_of_deletion())
            (removed if is_gone else retained).append(verdict)
        swept = sweep(
            site.shelf,
            store=store,
            keys=site.keys,
            lock=lock,
            now=now,
            progress=progress,
        )
    return Pruned(
        removed=removed,
        retained=retained,
        kept=len(plan) - len(removed),
        swept=swept,
    )
