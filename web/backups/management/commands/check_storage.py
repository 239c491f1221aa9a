from pathlib import Path

from backups.management.base import BackupCommand
from backups.services import prove_store
from backups.site import Site
from backups.stores import open_store


class Command(BackupCommand):
    help = "Prove that backups can be stored: write, read and delete a small object."

    def add_arguments(self, parser):
        parser.add_argument(
            "keyfile", nargs="?", type=Path, help="a service account's key (JSON)"
        )

    def handle(self, *, keyfile, **options):
        site = Site.from_settings()
        store = open_store(site.store_url, key_file=keyfile)
        for sentence in prove_store(store, shelf=site.shelf):
            self.tell(sentence)
        self.stdout.write(f"{store.url} can keep backups.")
