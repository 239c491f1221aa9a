import sys

from django.core.management.base import CommandError
from django.db import connections
from django.utils import timezone

from backups.addresses import parse_url
from backups.listing import newest_backup
from backups.management.base import USAGE, BackupCommand
from backups.preflight import check_fits, remarks
from backups.progress import counted_files, readable_size
from backups.record import read_backup
from backups.restore import missing_migrations, restore_backup
from backups.site import Site
from backups.stores import open_store


class Command(BackupCommand):
    help = (
        "Put a backup's database and files in the place of the live ones, which are "
        "kept beside them. Nothing live changes before everything is proven."
    )

    def add_arguments(self, parser):
        parser.add_argument("url", help='gs://… as list_backups prints it, or "latest"')
        parser.add_argument("--yes", action="store_true", help="do not ask")

    def handle(self, *, url, yes, **options):
        site = Site.from_settings()
        if url == "latest":
            store = open_store(site.store_url)
            backup = newest_backup(store, shelf=site.shelf, keys=site.keys)
        else:
            address = parse_url(url)
            store = open_store(address.store_url)
            backup = read_backup(store, address, keys=site.keys)
        check_fits(backup, site=site, store=store)
        self.describe(backup, site=site)
        if not yes:
            self.ask()
        connections.close_all()
        places = restore_backup(
            backup,
            site=site,
            store=store,
            now=timezone.now(),
            progress=self.progress(),
        )
        self.conclude(places)

    def describe(self, backup, *, site):
        record = backup.record
        self.tell(
            f"{backup.url}\n"
            f"  taken    {record.created_at:%Y-%m-%d %H:%M} UTC\n"
            f"  database {len(record.database.rows)} tables, "
            f"{sum(record.database.rows.values()):,} rows\n"
            f"  media    {counted_files(record.media.files)}, "
            f"{readable_size(record.media.size_bytes)}\n"
            f"It will replace the database {site.database.name} and {site.media_root}. "
            "Both are kept beside the new ones until the next restore; what was "
            "uploaded since then is only there."
        )
        for remark in remarks(backup, site=site):
            self.tell(remark)

    def ask(self):
        if not sys.stdin.isatty():
            raise CommandError(
                "Nothing was restored: nobody can be asked here. Add --yes.",
                returncode=USAGE,
            )
        self.stderr.write("Restore it? [y/N] ", style_func=str, ending="")
        self.stderr.flush()
        if not sys.stdin.readline().strip().lower().startswith("y"):
            raise CommandError("Nothing was restored.")

    def conclude(self, places):
        self.stdout.write(
            f"Restored. The previous database is {places.old_database.name}, the "
            f"previous media are in {places.old_media}."
        )
        missing = missing_migrations()
        if missing:
            self.tell(
                f"The code has {missing} migrations that the backup did not have yet. "
                "Run: docker compose run --rm migrate, or without Docker: "
                "./install_local.sh --detach"
            )
