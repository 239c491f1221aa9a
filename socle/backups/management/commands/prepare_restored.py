from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection

from socle.backups.management.base import USAGE, BackupCommand
from socle.backups.postgres.connection import Database
from socle.backups.restore.restore_targets import is_being_restored
from socle.backups.restore.scrubbing import run_scrubbers


class Command(BackupCommand):
    help = (
        "A step of restore_backup, which runs it: migrate and scrub the database that "
        "is being restored. It refuses every other one."
    )

    def add_arguments(self, parser):
        parser.add_argument("database", help="must be the one in POSTGRES_DB as well")
        parser.add_argument("--scrub", action="store_true")
        parser.add_argument("--keep", action="append", default=[], metavar="EMAIL")

    def handle(self, *, database, scrub, keep, **options):
        self.check_target(database)
        call_command("migrate_site", verbosity=0)
        if scrub:
            counts = run_scrubbers(using="default", keep=keep)
            for what, number in counts.items():
                self.stdout.write(f"Scrubbed: {number:,} {what}")

    def check_target(self, database):
        with connection.cursor() as cursor:
            cursor.execute("SELECT current_database()")
            (found,) = cursor.fetchone()
        if found != database or not is_being_restored(Database.from_settings()):
            raise CommandError(
                f"{found} is no database that is being restored: nothing was changed.",
                returncode=USAGE,
            )
