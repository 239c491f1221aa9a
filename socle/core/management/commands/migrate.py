"""Django's own `migrate`, which waits for locks without holding visitors up."""

from django.conf import settings
from django.core.management.base import CommandError
from django.core.management.commands import migrate
from django.db import OperationalError, connections

from socle.core.health.commands import migrating
from socle.core.migration_retry import LockRetry
from socle.core.site_role import is_the_sites_own, owners_work


class Command(migrate.Command):
    _retry: LockRetry | None = None

    def handle(self, *args, database, **options):
        only_looks = options["plan"] or options["check_unapplied"]
        if is_the_sites_own() and not only_looks:
            raise CommandError(owners_work())
        connection = connections[database]
        options["database"] = database
        if connection.in_atomic_block:  # of a caller, who alone can run it again
            return super().handle(*args, **options)
        retry = self._retry = LockRetry(
            connection,
            wait_seconds=settings.MIGRATION_WAIT_SECONDS,
            again=migrating(),
            tell=self.tell,
        )
        with retry.running():
            while True:
                try:
                    return super().handle(*args, **options)
                except OperationalError as error:
                    retry.after(error)

    def migration_progress_callback(self, action, migration=None, fake=False):
        if self._retry is not None:
            begins = action in {"apply_start", "unapply_start"}
            self._retry.migration = migration if begins else None
        super().migration_progress_callback(action, migration, fake)

    def tell(self, words):
        self.stderr.write(words, style_func=str)
        self.stderr.flush()
