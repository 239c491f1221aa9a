import json
import shutil

from django.utils import timezone

from socle.backups.format.listing import list_backups
from socle.backups.management.base import BackupCommand, add_of
from socle.backups.runs.backup_source import BackupSource
from socle.backups.stores import open_store
from socle.backups.table import backups_table


class Command(BackupCommand):
    help = "List the complete backups of this project, newest first."

    def add_arguments(self, parser):
        parser.add_argument("--json", action="store_true", help="for scripts")
        parser.add_argument(
            "--all", action="store_true", help="also folders that are no backup"
        )
        add_of(parser)

    def handle(self, **options):
        site = BackupSource.from_settings()
        shelf = site.shelf_of(options["of"])
        listing = list_backups(
            open_store(site.store_url, patience_seconds=10), shelf=shelf
        )
        for sentence in listing.unreadable:
            self.tell(sentence)
        if options["json"]:
            self.stdout.write(json.dumps(as_json(listing.backups), indent=2))
        elif not listing.backups:
            self.tell(
                f"{site.store_url}/{shelf.backups} holds no backup yet. Make one: "
                "./google_storage.sh -b"
            )
        else:
            on_terminal = self.stdout.isatty()
            width = shutil.get_terminal_size().columns if on_terminal else None
            self.stdout.write(
                backups_table(listing.backups, now=timezone.now(), width=width)
            )
        if options["all"]:
            for url in listing.incomplete:
                self.tell(f"{url} is no backup: a run is under way, or was killed.")


def as_json(backups):
    return [
        {
            "url": backup.url,
            **json.loads(backup.record.to_json()),
            "proof": json.loads(backup.proof.to_json()) if backup.proof else None,
        }
        for backup in backups
    ]
