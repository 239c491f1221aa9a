import time
from contextlib import contextmanager

from django.conf import settings
from django.core.management import CommandError, call_command
from django.core.management.base import BaseCommand
from django.db import connection

from socle.core.health.commands import migrating

LOCK = 7_625_001  # any number, as long as nobody else takes it
POLL_SECONDS = 0.5
HOLDER = """
    SELECT a.pid, a.backend_start::timestamptz(0)
    FROM pg_locks l JOIN pg_stat_activity a USING (pid)
    JOIN pg_database d ON d.oid = l.database AND d.datname = current_database()
    WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1
      AND l.classid = 0 AND l.objid = %s
"""


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
        with connection.cursor() as cursor, self.alone(cursor):
            call_command("migrate", interactive=False, verbosity=verbosity)
            call_command("fill_groups", verbosity=verbosity)
            call_command("prepare_site_role", verbosity=verbosity)

    @contextmanager
    def alone(self, cursor):
        """
        Asked for again and again: whoever waits inside of Postgres has a snapshot, and
        an index that is built CONCURRENTLY waits for the end of each.
        """
        ends_at = time.monotonic() + settings.MIGRATION_WAIT_SECONDS
        is_told = False
        while not self.try_lock(cursor):
            if not is_told:
                self.tell(f"Waits for {self.holder(cursor)}.")
                is_told = True
            if time.monotonic() >= ends_at:
                raise CommandError(
                    f"Nothing was migrated: {self.holder(cursor)} has not ended for "
                    f"{settings.MIGRATION_WAIT_SECONDS} s. End it, then run: "
                    f"{migrating()}"
                )
            time.sleep(POLL_SECONDS)
        try:
            yield
        finally:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [LOCK])

    def try_lock(self, cursor):
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [LOCK])
        return cursor.fetchone()[0]

    def holder(self, cursor):
        cursor.execute(HOLDER, [LOCK])
        if (found := cursor.fetchone()) is None:
            return "another migration"
        pid, since = found
        began = f" that began at {since:%Y-%m-%d %H:%M:%S %Z}" if since else ""
        return f"another migration{began} (process {pid} of Postgres)"

    def tell(self, words):
        self.stderr.write(words, style_func=str)
        self.stderr.flush()
