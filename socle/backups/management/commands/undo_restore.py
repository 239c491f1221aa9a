from django.utils import timezone

from socle.backups.management.asking import ask_to_replace
from socle.backups.management.base import BackupCommand
from socle.backups.runs.backup_source import BackupSource
from socle.backups.runs.run_locks import check_free
from socle.backups.runs.run_recorder import told
from socle.backups.swap.undo_copies import newest_kept, undo_restore


class Command(BackupCommand):
    help = (
        "Take the last restore back: what it replaced is live again, and what is live "
        "now is kept in its turn."
    )

    def add_arguments(self, parser):
        parser.add_argument("--yes", action="store_true", help="do not ask")

    def handle(self, *, yes, **options):
        site = BackupSource.from_settings()
        check_free(site.database)  # before anything is asked, fetched or noted
        self.tell(f"Kept of before the last restore: {newest_kept(site)}.")
        if not yes:
            ask_to_replace("Make it live again?", site=site, stderr=self.stderr)
        with told("undo") as run:
            progress = self.progress(run)
            kept = undo_restore(site, now=timezone.now(), progress=progress)
            run.result(warnings=progress.warnings)
        self.tell_warnings(progress)
        self.stdout.write(
            f"Undone. What was live until now is kept: {kept}. To take the undo back, "
            "run it again: ./google_storage.sh -u"
        )
