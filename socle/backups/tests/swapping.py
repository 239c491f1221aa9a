"""New database and folder beside the live ones, each with a mark in it."""

from socle.backups.restore.restore_targets import (
    RestoreTargets,
    create_database,
    plan_of,
)
from socle.backups.runs.backup_source import BackupSource
from socle.backups.swap.swap_journal import Plan
from socle.backups.tests.conftest import NEXT_NIGHT, execute, picture


def make_ready(site: BackupSource) -> Plan:
    places = RestoreTargets.at(
        NEXT_NIGHT, database=site.database, media=site.media_root
    )
    create_database(places.new_database)
    execute(places.new_database, "CREATE TABLE mark ()")
    places.new_media.mkdir()
    (places.new_media / "mark").write_bytes(b"new")
    return plan_of(places, database=places.new_database, media=places.new_media)


def live_state(site: BackupSource) -> str:
    """'old' or 'new' when database and media agree; fails otherwise."""
    (found,) = execute(
        site.database, "SELECT to_regclass('mark') IS NOT NULL, to_regclass('photo')"
    )
    files = picture(site.media_root)
    is_new = found[0]
    assert is_new == (found[1] is None)
    assert is_new == (set(files) == {b"mark"})
    return "new" if is_new else "old"


def siblings(site: BackupSource) -> set[str]:
    """What lies in the folder of the media."""
    return {path.name for path in site.media_root.parent.iterdir()}
