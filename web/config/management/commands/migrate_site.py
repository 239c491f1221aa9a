from django.core.management import call_command
from django.core.management.base import BaseCommand
from django.db import connection

LOCK = 7_625_001  # any number, as long as nobody else takes it


class Command(BaseCommand):
    help = "Migrate the database and fill the roles; one at a time, others wait."

    def add_arguments(self, parser):
        parser.add_argument(
            "--wait",
            action="store_true",
            help="before that, wait for Postgres and Redis and prove the folders",
        )

    def handle(self, *, verbosity, wait, **options):
        if wait:
            call_command("wait_for_services")
            call_command("check_folders")
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s)", [LOCK])
            try:
                call_command("migrate", interactive=False, verbosity=verbosity)
                call_command("fill_groups", verbosity=verbosity)
            finally:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [LOCK])
