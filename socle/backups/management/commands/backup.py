from socle.backups.management.base import BackupCommand
from socle.backups.progress import readable_size
from socle.backups.runs.run_backup import back_up, check_nothing_lost
from socle.backups.runs.run_recorder import told


class Command(BackupCommand):
    help = "Back up the database and the uploaded files, now. Prints the backup's URL."

    def add_arguments(self, parser):
        parser.add_argument(
            "--full", action="store_true", help="read unchanged files as well"
        )

    def handle(self, *, full, **options):
        with told("backup") as run:
            progress = self.progress(run)
            backup = back_up(run, progress=progress, full=full)
            self.conclude(backup)
            self.tell_warnings(progress)
            check_nothing_lost(backup)

    def conclude(self, backup):
        record = backup.record
        self.tell(
            f"Done in {record.duration_seconds:.1f} s; the store grew by "
            f"{readable_size(record.new_bytes)}."
        )
        self.stdout.write(backup.url)
        for skipped in record.media.skipped:
            self.tell(f"Not in the backup: {skipped.path!r}, {skipped.reason}.")
