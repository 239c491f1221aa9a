"""Where a restore puts what it brings, and what it leaves behind."""

import re
import shutil
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Flag
from pathlib import Path
from typing import Any

from psycopg2 import sql

from socle.backups.postgres.connection import MAINTENANCE, Database
from socle.backups.postgres.database_properties import Traits, creation
from socle.backups.postgres.subscriptions import drop_subscriptions
from socle.backups.swap.swap_journal import Exchange, Plan

NAME_BYTES = 63  # Postgres cuts longer names off
HALF_DROPPED = -2  # as a limit of connections; Postgres' own mark
STAMP = "%Y%m%d_%H%M%S"
_STAMP = r"\d{8}_\d{6}"


class Parts(Flag):
    """What of a backup is restored."""

    DATABASE = 1
    MEDIA = 2
    BOTH = 3


@dataclass(frozen=True)
class RestoreTargets:
    """The names of one restore: what is live, what comes, what it leaves behind."""

    database: Database
    media: Path
    stamp: str

    @classmethod
    def at(
        cls, moment: datetime, *, database: Database, media: Path
    ) -> "RestoreTargets":
        return cls(database, media, moment.astimezone(UTC).strftime(STAMP))

    @classmethod
    def unused(
        cls, moment: datetime, *, database: Database, media: Path
    ) -> "RestoreTargets":
        """
        At `moment`, or a second after the last of what earlier ones left: also when the
        clock was put back, what is replaced last has the last name. The caller has the
        lock. Raises ServerUnavailable.
        """
        names = [one.name for one in databases_of(database, kind="before")]
        for kind in ("before", "dropped"):
            names += [one.name for one in folders_of(media, kind=kind)]
        for stamp in map(stamp_of, names):
            moment = max(moment, moment_of(stamp) + timedelta(seconds=1))
        return cls.at(moment, database=database, media=media)

    @property
    def new_database(self) -> Database:
        return self.database.named(
            _suffixed(self.database.name, f"_restore_{self.stamp}")
        )

    @property
    def old_database(self) -> Database:
        return self.database.named(
            _suffixed(self.database.name, f"_before_{self.stamp}")
        )

    @property
    def drill_database(self) -> Database:
        return self.database.named(
            _suffixed(self.database.name, f"_drill_{self.stamp}")
        )

    @property
    def drill_media(self) -> Path:
        return self.media.with_name(f"{self.media.name}.drill_{self.stamp}")

    @property
    def new_media(self) -> Path:
        return self.media.with_name(f"{self.media.name}.restore_{self.stamp}")

    @property
    def old_media(self) -> Path:
        return self.media.with_name(f"{self.media.name}.before_{self.stamp}")

    @property
    def dropped_media(self) -> Path:
        return self.media.with_name(f"{self.media.name}.dropped_{self.stamp}")


def stamp_of(name: str) -> str:
    return name[-15:]


def moment_of(stamp: str) -> datetime:
    return datetime.strptime(stamp, STAMP).replace(tzinfo=UTC)


def plan_of(
    places: RestoreTargets, *, database: Database | None, media: Path | None
) -> Plan:
    """The swap that makes `database` and `media` the live ones; None stays as it is."""
    databases = folders = None
    if database is not None:
        databases = Exchange(
            live=places.database.name,
            new=database.name,
            old=places.old_database.name,
            had_live=database_exists(places.database),
        )
    if media is not None:
        folders = Exchange(
            live=places.media.name,
            new=media.name,
            old=places.old_media.name,
            had_live=places.media.exists(),
        )
    return Plan(databases, folders)


def database_exists(database: Database) -> bool:
    with (
        database.named(MAINTENANCE).connect() as connection,
        connection.cursor() as cursor,
    ):
        return exists(cursor, database.name)


def exists(cursor: Any, name: str) -> bool:
    cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,))
    return cursor.fetchone() is not None


def create_database(database: Database, *, like: Traits | None = None) -> None:
    """like: with the encoding, locale and tablespace of that one."""
    _execute(database, creation(database.name, like))


def drop_database(database: Database) -> None:
    """Also one that takes part in replication, or is a template."""
    drop_subscriptions(database)
    name = sql.Identifier(database.name)
    if _is_template(database):
        _execute(database, sql.SQL("ALTER DATABASE {} IS_TEMPLATE false").format(name))
    _execute(database, sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(name))


def _is_template(database: Database) -> bool:
    with (
        database.named(MAINTENANCE).connect() as connection,
        connection.cursor() as cursor,
    ):
        cursor.execute(
            "SELECT 1 FROM pg_database WHERE datname = %s AND datistemplate",
            (database.name,),
        )
        return cursor.fetchone() is not None


def _execute(database: Database, statement: sql.Composable) -> None:
    with (
        database.named(MAINTENANCE).connect() as connection,
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)


def databases_of(
    database: Database, *, kind: str, half_dropped: bool = False
) -> list[Database]:
    """
    The databases that earlier restores of `database` named `kind`, oldest first.

    half_dropped: only those that lost files already, when a DROP was interrupted.
    Postgres lets nobody into them, and knows no way back.
    """
    beginning = _suffixed(database.name, f"_{kind}_20261121_030000")[:-15]
    form = re.compile(re.escape(beginning) + _STAMP)
    with (
        database.named(MAINTENANCE).connect() as connection,
        connection.cursor() as cursor,
    ):
        cursor.execute(
            "SELECT datname FROM pg_database WHERE NOT %s OR datconnlimit = %s "
            "ORDER BY datname",
            (half_dropped, HALF_DROPPED),
        )
        names = [name for (name,) in cursor.fetchall()]
    return [database.named(name) for name in names if form.fullmatch(name)]


def is_being_restored(database: Database) -> bool:
    """Whether its name is that of a database that a restore fills."""
    return re.search(rf"_restore_{_STAMP}$", database.name) is not None


def folders_of(media: Path, *, kind: str) -> list[Path]:
    """The folders that earlier restores of `media` named `kind`, oldest first."""
    form = re.compile(re.escape(media.name) + rf"\.{kind}_{_STAMP}")
    return sorted(path for path in media.parent.iterdir() if form.fullmatch(path.name))


def remove_folder(folder: Path) -> None:
    if folder.exists():
        shutil.rmtree(folder)


def clear(database: Database, media: Path, *, kind: str) -> None:
    """
    Take away the databases and folders named `kind`: what a killed restore ("restore")
    or drill ("drill") left. Whoever calls this has the lock, so none is at work.
    """
    for left in databases_of(database, kind=kind):
        drop_database(left)
    for folder in folders_of(media, kind=kind):
        remove_folder(folder)


def _suffixed(name: str, suffix: str) -> str:
    return name[: NAME_BYTES - len(suffix)] + suffix
