from socle.backups.management.asking import ask
from socle.backups.management.base import BackupCommand
from socle.backups.progress import readable_size
from socle.backups.runs.backup_source import BackupSource
from socle.backups.runs.run_locks import check_free
from socle.backups.swap.undo_copies import forget, newest_kept


class Command(BackupCommand):
    help = "Drop what the last restore replaced. It cannot be undone afterwards."

    def add_arguments(self, parser):
        parser.add_argument("--yes", action="store_true", help="do not ask")

    def handle(self, *, yes, **options):
        site = BackupSource.from_settings()
        check_free(site.database)  # before anything is asked, fetched or noted
        self.tell(f"Kept of before the last restore: {newest_kept(site)}.")
        if not yes:
            ask("Drop it for good?", stderr=self.stderr)
        size_bytes = forget(site, progress=self.progress())
        self.stdout.write(f"Forgotten: {readable_size(size_bytes)} are free again.")
