from django.core.management.base import CommandError

from socle.backups.format.backup_metadata import read_backup
from socle.backups.format.listing import list_backups, newest_backup
from socle.backups.format.namespace import parse_url
from socle.backups.management.base import FAILED, USAGE, BackupCommand
from socle.backups.progress import counted, counted_files, readable_size
from socle.backups.runs.backup_source import BackupSource
from socle.backups.runs.run_recorder import told
from socle.backups.runs.verify import Verifier
from socle.backups.stores import open_store

SHOWN = 20


class Command(BackupCommand):
    help = "Read everything that a backup (or every backup) names, and compare it."

    def add_arguments(self, parser):
        parser.add_argument("url", nargs="?", help='gs://… or "latest"')
        parser.add_argument("--all", action="store_true", help="every backup")

    def handle(self, *, url, **options):
        if bool(url) == options["all"]:
            raise CommandError(
                "Say which: the URL of one backup, latest, or --all.",
                returncode=USAGE,
            )
        site = BackupSource.from_settings()
        with told("verify") as run:
            store, backups, damage = self.chosen(url, site=site)
            verifier = Verifier(store, progress=self.progress(run))
            contents = size_bytes = 0
            for backup in backups:
                run.result(url=backup.url)
                report = verifier.verify(backup)
                contents += report.contents
                size_bytes += report.size_bytes
                self.show(backup, report)
                damage += [f"{backup.url}: {sentence}" for sentence in report.damage]
            run.result(backups=len(backups), files=contents, size_bytes=size_bytes)
            if damage:
                raise CommandError(
                    f"{counted(len(damage), 'fault')}, named above. The contents that "
                    "are still in MEDIA_ROOT are sent again by: ./google_storage.sh -b "
                    "--full (first delete the damaged objects). Undamaged backups: "
                    "./google_storage.sh -v --all",
                    returncode=FAILED,
                )
        self.stdout.write(
            f"All is as it was stored: {counted(len(backups), 'backup')}, "
            f"{counted_files(contents)}, {readable_size(size_bytes)} read."
        )

    def chosen(self, url, *, site):
        """The store, the backups, and a sentence about each one that is unreadable."""
        if url and url != "latest":
            address = parse_url(url)
            store = open_store(address.store_url)
            return store, [read_backup(store, address, keys=site.keys)], []
        store = open_store(site.store_url)
        if url:
            return store, [newest_backup(store, shelf=site.shelf, keys=site.keys)], []
        listing = list_backups(store, shelf=site.shelf, keys=site.keys)
        for sentence in listing.unreadable:
            self.tell(sentence)
        return store, listing.backups, listing.unreadable

    def show(self, backup, report):
        if not report.damage:
            self.tell(f"{backup.url}  right")
            return
        self.tell(f"{backup.url}  DAMAGED")
        for sentence in report.damage[:SHOWN]:
            self.tell(f"  {sentence}")
        if len(report.damage) > SHOWN:
            self.tell(f"  … and {len(report.damage) - SHOWN} more")
