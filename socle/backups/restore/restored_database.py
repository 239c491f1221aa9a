"""A restored database that is complete, proven and ready for this code and site."""

from collections.abc import Iterable

import psycopg2
from psycopg2 import sql

from socle.backups.format.backup_metadata import Backup
from socle.backups.load.database_load import Loading, load_database
from socle.backups.postgres.connection import Database
from socle.backups.postgres.database_errors import words_of
from socle.backups.postgres.database_properties import give, traits_of
from socle.backups.postgres.roles import let_the_site_in
from socle.backups.postgres.row_counts import tables_of
from socle.backups.progress import Progress
from socle.backups.restore.left_out import LeftOut
from socle.backups.restore.migration_state import missing_migrations
from socle.backups.restore.post_restore import prepare_database
from socle.backups.restore.restore_targets import create_database, database_exists
from socle.backups.runs.backup_source import BackupSource
from socle.backups.stores import Store
from socle.backups.swap.run_history import carry_history


def build_database(
    backup: Backup,
    *,
    into: Database,
    site: BackupSource,
    store: Store,
    spare_bytes: int,
    scrub: bool,
    keep: Iterable[str],
    without_broken: bool,
    progress: Progress,
) -> list[LeftOut]:
    """
    Make the database `into` and fill it. Returns the constraints that are left out,
    which must be allowed by `without_broken`.

    spare_bytes: room on the volume of the media that is needed for other things.

    Raises RestoreFailed, ObjectDamaged, ObjectMissing.
    """
    progress.say(f"Restoring the database as {into.name}")
    traits = traits_of(site.database)
    create_database(into, like=traits)
    how = Loading(into, site.media_root.parent, spare_bytes, traits, without_broken)
    left_out = load_database(backup, how, store=store, progress=progress)
    _prepare(into, backup=backup, scrub=scrub, keep=keep, progress=progress)
    if database_exists(site.database):
        carry_history(source=site.database, target=into)
    let_the_site_in(into)
    _analyze(into, progress=progress)
    if traits is not None:
        give(into, traits)
    return left_out


def _prepare(
    database: Database,
    *,
    backup: Backup,
    scrub: bool,
    keep: Iterable[str],
    progress: Progress,
) -> None:
    """A database that no Django has made has no migrations to run."""
    is_ours = bool(backup.record.database.migration_heads)
    missing = missing_migrations(database) if is_ours else []
    if not missing and not scrub:
        return
    if missing:
        progress.say(f"Running the migrations it lacks, up to {', '.join(missing)}")
    if scrub:
        progress.say(f"Scrubbing people's data of {backup.record.environment}")
    prepare_database(database, scrub=scrub, keep=keep, progress=progress)


def _analyze(database: Database, *, progress: Progress) -> None:
    """
    Otherwise the first requests after the swap plan without statistics. A table whose
    index cannot be computed has none of it, as where it came from.
    """
    with database.connect(purpose="restore") as session, session.cursor() as cursor:
        for table in tables_of(cursor):
            try:
                cursor.execute(
                    sql.SQL("ANALYZE {}").format(
                        sql.Identifier(table.schema, table.name)
                    )
                )
            except psycopg2.Error as error:
                if session.closed:
                    raise
                progress.warn(
                    f"There are no statistics of {table}, so its queries may be slow: "
                    f"{words_of(error)}."
                )
