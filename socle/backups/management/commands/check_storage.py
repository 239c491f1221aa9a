import json
import sys
from pathlib import Path

from django.core.management.base import CommandError

from socle.backups.management.base import USAGE, BackupCommand
from socle.backups.runs.backup_source import BackupSource
from socle.backups.services import prove_store
from socle.backups.stores import open_store

PATIENCE_SECONDS = 10  # somebody waits for the answer


class Command(BackupCommand):
    help = "Prove that backups can be stored: write, read and delete a small object."

    def add_arguments(self, parser):
        parser.add_argument(
            "keyfile", nargs="?", help="a service account's key (JSON); - is stdin"
        )

    def handle(self, *, keyfile, **options):
        site = BackupSource.from_settings()
        key = read_key(keyfile) if keyfile else None
        store = open_store(site.store_url, key=key, patience_seconds=PATIENCE_SECONDS)
        for sentence in prove_store(store, shelf=site.shelf):
            self.tell(sentence)
        self.stdout.write(f"{store.url} can keep backups.")


def read_key(keyfile):
    try:
        text = sys.stdin.read() if keyfile == "-" else Path(keyfile).read_text()
        return json.loads(text)
    except (OSError, ValueError) as error:
        raise CommandError(
            f"The key {keyfile} cannot be read as JSON: {error}", returncode=USAGE
        ) from error
