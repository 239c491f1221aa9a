from django.utils import timezone

from backups.management.base import BackupCommand
from backups.outcome import check_nothing_lost, expect_as_last_time, numbers_of
from backups.progress import readable_size
from backups.services import take_backup
from backups.site import Site
from backups.stores import open_store
from backups.telling import told


class Command(BackupCommand):
    help = "Back up the database and the uploaded files, now. Prints the backup's URL."

    def add_arguments(self, parser):
        parser.add_argument(
            "--full", action="store_true", help="read unchanged files as well"
        )

    def handle(self, *, full, **options):
        with told("backup") as run:
            site = Site.from_settings()
            progress = self.progress(run)
            expect_as_last_time(progress)
            backup = take_backup(
                site,
                store=open_store(site.store_url),
                now=timezone.now(),
                progress=progress,
                full=full,
            )
            run.result(url=backup.url, **numbers_of(backup))
            self.conclude(backup)
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
