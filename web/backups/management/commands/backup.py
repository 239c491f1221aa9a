from django.core.management.base import CommandError
from django.utils import timezone

from backups.management.base import FAILED, BackupCommand
from backups.progress import readable_size
from backups.services import take_backup
from backups.site import Site
from backups.stores import open_store


class Command(BackupCommand):
    help = "Back up the database and the uploaded files, now. Prints the backup's URL."

    def handle(self, **options):
        site = Site.from_settings()
        backup = take_backup(
            site,
            store=open_store(site.store_url),
            now=timezone.now(),
            progress=self.progress(),
        )
        record = backup.record
        self.tell(
            f"Done in {record.duration_seconds:.1f} s; the store grew by "
            f"{readable_size(record.new_bytes)}."
        )
        self.stdout.write(backup.url)
        for skipped in record.media.skipped:
            self.tell(f"Not in the backup: {skipped.path!r}, {skipped.reason}.")
        lost = sum(skipped.needs_a_person for skipped in record.media.skipped)
        if lost:
            raise CommandError(
                f"The backup is complete but for {lost} files, named above. Correct "
                "them, then run: ./google_storage.sh -b",
                returncode=FAILED,
            )
