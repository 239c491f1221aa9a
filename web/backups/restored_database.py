"""A restored database that is complete, proven and ready for this code and site."""

from collections.abc import Iterable

from backups.exceptions import RestoreFailed
from backups.history import carry_history
from backups.loading import load_database
from backups.migrating import missing_migrations
from backups.places import create_database, database_exists
from backups.postgres import Database
from backups.preparing import prepare_database
from backups.progress import Progress
from backups.record import Backup
from backups.site import Site
from backups.snapshot import snapshot
from backups.stores import Store
from backups.traits import give, traits_of


def build_database(
    backup: Backup,
    *,
    into: Database,
    site: Site,
    store: Store,
    spare_bytes: int,
    scrub: bool,
    keep: Iterable[str],
    progress: Progress,
) -> None:
    """
    Make the database `into` and fill it.

    spare_bytes: room on the volume of the media that is needed for other things.

    Raises RestoreFailed, ObjectDamaged, ObjectMissing.
    """
    progress.say(f"Restoring the database as {into.name}")
    traits = traits_of(site.database)
    create_database(into, like=traits)
    load_database(
        backup,
        into=into,
        store=store,
        folder=site.media_root.parent,
        spare_bytes=spare_bytes,
        progress=progress,
    )
    progress.say("Comparing the rows of every table")
    check_rows(into, expected=backup.record.database.rows)
    _prepare(into, backup=backup, scrub=scrub, keep=keep, progress=progress)
    if database_exists(site.database):
        carry_history(source=site.database, target=into)
    _analyze(into)
    if traits is not None:
        give(into, traits)


def check_rows(database: Database, *, expected: dict[str, int]) -> None:
    """Raises RestoreFailed, which names the first tables that differ."""
    with snapshot(database) as view:
        found = view.count_rows()
    if found == expected:
        return
    different = [
        f"{table} has {found.get(table, 'no')} rows instead of "
        f"{expected.get(table, 'no')}"
        for table in sorted(found.keys() | expected.keys())
        if found.get(table) != expected.get(table)
    ]
    raise RestoreFailed(
        "The restored database is not the one that was dumped: "
        f"{'; '.join(different[:5])} ({len(different)} tables differ)."
    )


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


def _analyze(database: Database) -> None:
    """Otherwise the first requests after the swap plan without statistics."""
    with database.connect(purpose="restore") as session, session.cursor() as cursor:
        cursor.execute("ANALYZE")
