import shutil

from django.utils import timezone

from socle.backups.gc.prune import plan_prune, prune
from socle.backups.gc.prune_table import verdicts_table
from socle.backups.gc.retention import Policy
from socle.backups.management.asking import ask
from socle.backups.management.base import BackupCommand
from socle.backups.progress import counted, readable_size
from socle.backups.runs.backup_source import BackupSource
from socle.backups.runs.run_recorder import told
from socle.backups.stores import open_store


class Command(BackupCommand):
    help = (
        "Remove the backups that BACKUP_KEEP_DAILY, _WEEKLY and _MONTHLY do not keep, "
        "and contents that no backup names any more. Shows first what goes, and asks."
    )

    def add_arguments(self, parser):
        parser.add_argument("--yes", action="store_true", help="do not ask")

    def handle(self, *, yes, **options):
        if yes:
            with told("prune") as run:
                self.prune(run)
            return
        going = self.show(*self.places(), policy=Policy.from_settings())
        ask(self.question(going), stderr=self.stderr)
        with told("prune") as run:
            self.prune(run, only=going)

    def places(self):
        site = BackupSource.from_settings()
        return site, open_store(site.store_url)

    def show(self, site, store, *, policy):
        """Returns the ids of the backups that would go."""
        now = timezone.now()
        plan = plan_prune(
            site.shelf, store=store, keys=site.keys, policy=policy, now=now
        )
        on_terminal = self.stdout.isatty()
        width = shutil.get_terminal_size().columns if on_terminal else None
        self.stdout.write(verdicts_table(plan, now=now, width=width))
        return {verdict.address.id for verdict in plan if verdict.goes}

    def question(self, going):
        removed = f"Remove {counted(len(going), 'backup')}" if going else "Remove none"
        return f"{removed}, and contents that none has named for 48 hours?"

    def prune(self, run, *, only=None):
        site, store = self.places()
        pruned = prune(
            site,
            store=store,
            policy=Policy.from_settings(),
            now=timezone.now(),
            progress=self.progress(run),
            only=only,
        )
        swept = pruned.swept
        run.result(
            removed=len(pruned.removed),
            kept=pruned.kept,
            contents=swept.contents,
            freed_bytes=pruned.freed_bytes,
        )
        self.stdout.write(
            f"Removed {counted(len(pruned.removed), 'backup')} and "
            f"{swept.contents:,} contents that none names, "
            f"{readable_size(pruned.freed_bytes)} in all; "
            f"{counted(pruned.kept, 'backup')} left."
        )
        if pruned.retained:
            self.stdout.write(
                f"{counted(len(pruned.retained), 'backup')} of these would have gone, "
                "and the bucket keeps them for now (a retention policy or a hold)."
            )
