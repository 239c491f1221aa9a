from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError, connection

from socle.core.health.locks import session

THERE = "SELECT datname = current_database() FROM pg_stat_activity WHERE pid = %s"


class Command(BaseCommand):
    help = (
        "End a session of the site's database that holds others up, by its process as "
        "site_status names it. What its transaction did is taken back."
    )
    requires_system_checks = []  # for when little else answers

    def add_arguments(self, parser):
        parser.add_argument("pid", type=int)

    def handle(self, *, pid, **options):
        with connection.cursor() as cursor:
            cursor.execute(THERE, [pid])
            if cursor.fetchone() != (True,):
                raise CommandError(
                    f"No session of this database is the process {pid} (any more). "
                    "What holds others up now: python manage.py site_status"
                )
            who = session(pid)
            try:
                cursor.execute("SELECT pg_terminate_backend(%s)", [pid])
            except DatabaseError as error:
                raise CommandError(
                    f"The process {pid} ({who}) could not be ended: "
                    f"{str(error).strip()}. As a superuser of Postgres, run: "
                    f"SELECT pg_terminate_backend({pid})"
                ) from error
        self.stdout.write(f"Ended the process {pid} ({who}).")
