"""Whether a database is older or newer than this code."""

from django.db.migrations.loader import MigrationLoader

from socle.backups.postgres.connection import Database


def unknown_migrations(heads: dict[str, str]) -> list[str]:
    """
    Those of `heads` (the last migration by app) that newer code has made: this code
    has the app, but not the migration. Tables of apps that it has not are no hindrance.
    """
    loader = _loader()
    known = set(loader.disk_migrations)
    for migration in loader.disk_migrations.values():
        known.update(migration.replaces)
    return sorted(
        f"{app}.{name}"
        for app, name in heads.items()
        if app in loader.migrated_apps and (app, name) not in known
    )


def missing_migrations(database: Database) -> list[str]:
    """The last migration of each app that `database` lacks, as app.name."""
    applied = _applied(database)
    return [
        f"{app}.{name}"
        for app, name in _loader().graph.leaf_nodes()
        if (app, name) not in applied
    ]


def _loader() -> MigrationLoader:
    return MigrationLoader(connection=None)


def _applied(database: Database) -> set[tuple[str, str]]:
    with database.connect() as connection, connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass('public.django_migrations')")
        if cursor.fetchone()[0] is None:
            return set()
        cursor.execute("SELECT app, name FROM public.django_migrations")
        return set(cursor.fetchall())
