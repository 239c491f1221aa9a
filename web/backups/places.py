"""Where a restore puts what it brings, and what it leaves behind."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from psycopg2 import sql

from backups.postgres import MAINTENANCE, Database

NAME_BYTES = 63  # Postgres cuts longer names off
_STAMP = r"\d{8}_\d{6}"


@dataclass(frozen=True)
class Places:
    """The names of one restore: what is live, what comes, what it leaves behind."""

    database: Database
    media: Path
    stamp: str

    @classmethod
    def at(cls, moment: datetime, *, database: Database, media: Path) -> "Places":
        return cls(database, media, moment.astimezone(UTC).strftime("%Y%m%d_%H%M%S"))

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


def exists(cursor: Any, name: str) -> bool:
    cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,))
    return cursor.fetchone() is not None


def create_database(database: Database) -> None:
    with database.named(MAINTENANCE).connect() as connection:
        _execute(connection, "CREATE DATABASE {} TEMPLATE template0", database.name)


def drop_database(database: Database) -> None:
    with database.named(MAINTENANCE).connect() as connection:
        _execute(connection, "DROP DATABASE IF EXISTS {} WITH (FORCE)", database.name)


def _execute(connection: Any, statement: str, name: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql.SQL(statement).format(sql.Identifier(name)))


def databases_of(database: Database, *, kind: str) -> list[Database]:
    """The databases that earlier restores of `database` named `kind`, oldest first."""
    beginning = _suffixed(database.name, f"_{kind}_20261121_030000")[:-15]
    form = re.compile(re.escape(beginning) + _STAMP)
    with (
        database.named(MAINTENANCE).connect() as connection,
        connection.cursor() as cursor,
    ):
        cursor.execute("SELECT datname FROM pg_database ORDER BY datname")
        names = [name for (name,) in cursor.fetchall()]
    return [database.named(name) for name in names if form.fullmatch(name)]


def folders_of(media: Path, *, kind: str) -> list[Path]:
    """The folders that earlier restores of `media` named `kind`, oldest first."""
    form = re.compile(re.escape(media.name) + rf"\.{kind}_{_STAMP}")
    return sorted(path for path in media.parent.iterdir() if form.fullmatch(path.name))


def _suffixed(name: str, suffix: str) -> str:
    return name[: NAME_BYTES - len(suffix)] + suffix
