from django.utils import timezone

from socle.backups.format.backup_metadata import read_backup
from socle.backups.format.listing import newest_backup
from socle.backups.format.namespace import parse_url
from socle.backups.management.base import BackupCommand
from socle.backups.progress import counted_files, readable_size
from socle.backups.runs.backup_source import BackupSource
from socle.backups.runs.drill import drill
from socle.backups.runs.run_recorder import told
from socle.backups.stores import open_store


class Command(BackupCommand):
    help = (
        "Restore the newest backup (or the one of a URL) into a scratch database and "
        "folder, compare everything, remove both, and write proof.json beside it."
    )

    def add_arguments(self, parser):
        parser.add_argument(
            "url", nargs="?", default="latest", help='gs://… or "latest"'
        )

    def handle(self, *, url, **options):
        site = BackupSource.from_settings()
        with told("drill") as run:
            if url == "latest":
                store = open_store(site.store_url)
                backup = newest_backup(store, shelf=site.shelf, keys=site.keys)
            else:
                address = parse_url(url)
                store = open_store(address.store_url)
                backup = read_backup(store, address, keys=site.keys)
            run.result(url=backup.url)
            progress = self.progress(run)
            proof = drill(
                backup,
                site=site,
                store=store,
                now=timezone.now(),
                progress=progress,
            )
            run.result(tables=proof.tables, rows=proof.rows, files=proof.files)
            run.result(warnings=progress.warnings)
        self.tell_warnings(progress)
        self.stdout.write(
            f"Proven in {proof.duration_seconds:.1f} s: {backup.url} was restored and "
            f"compared, {proof.tables} tables with {proof.rows:,} rows, "
            f"{counted_files(proof.files)} of {readable_size(proof.size_bytes)}."
        )
