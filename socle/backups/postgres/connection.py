"""The database server: how to reach it, and its own tools."""

import os
import re
import socket
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import psycopg2
from django.conf import settings
from psycopg2.extensions import make_dsn

from socle.backups.exceptions import LookAtIt, ServerUnavailable

LOCK_SECONDS = 10
_LIMIT = f"{LOCK_SECONDS}s"
MAINTENANCE = "postgres"  # the database that is there on every server
# Django's OPTIONS that are libpq's own words, with the variable that says the same.
_LIBPQ = {
    "sslmode": "PGSSLMODE",
    "sslrootcert": "PGSSLROOTCERT",
    "sslcert": "PGSSLCERT",
    "sslkey": "PGSSLKEY",
    "connect_timeout": "PGCONNECT_TIMEOUT",
    "options": "PGOPTIONS",
}


@dataclass(frozen=True)
class Database:
    """One database: connection parameters for psycopg2 and for the client tools."""

    name: str
    host: str
    port: int
    user: str
    password: str = field(repr=False)
    options: dict[str, Any] = field(default_factory=dict)
    tools: str = ""
    """The folder of pg_dump and pg_restore; empty means $PATH."""

    @classmethod
    def from_settings(cls) -> "Database":
        values: dict[str, Any] = settings.DATABASES["default"]
        options = values.get("OPTIONS", {})
        return cls(
            name=values["NAME"],
            host=values["HOST"],
            port=int(values["PORT"] or 5432),
            user=values["USER"],
            password=values["PASSWORD"],
            options={word: options[word] for word in _LIBPQ if word in options},
            tools=settings.POSTGRES_BIN,
        )

    def named(self, name: str) -> "Database":
        """Another database on the same server."""
        return replace(self, name=name)

    def with_search_path(self, value: str) -> "Database":
        """The same, with another search_path from the beginning of each session."""
        words = session_options(search_path=value)
        return replace(self, options=self.options | {"options": words})

    @contextmanager
    def connect(
        self, *, purpose: str = "backups", autocommit: bool = True
    ) -> Iterator[Any]:
        """
        A psycopg2 connection of its own, closed at the end (open work is rolled back).

        purpose: shown to whoever looks at pg_stat_activity.

        It waits for no lock longer than LOCK_SECONDS: others would queue behind it.

        Raises ServerUnavailable with the driver's own words.
        """
        try:
            connection = psycopg2.connect(
                dbname=self.name,
                host=self.host,
                port=self.port,
                user=self.user,
                password=self.password,
                application_name=f"{purpose} on {socket.gethostname()}"[:63],
                **self.options,
            )
        except psycopg2.OperationalError as error:
            raise ServerUnavailable(
                f"The database {self.name} on {self.host} cannot be reached: "
                f"{' '.join(str(error).split())}. Check that Postgres runs and the "
                "POSTGRES_ values in .env."
            ) from error
        with closing(connection):
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT set_config('lock_timeout', %s, false)", (_LIMIT,)
                )
            connection.autocommit = autocommit
            yield connection

    def tool(self, name: str) -> str:
        return str(Path(self.tools, name)) if self.tools else name

    def tool_environment(self) -> dict[str, str]:
        """For a client tool: nothing of the connection is on its command line."""
        kept = {
            name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ
        }
        ours = {
            "PGHOST": self.host,
            "PGPORT": str(self.port),
            "PGUSER": self.user,
            "PGPASSWORD": self.password,
            "PGDATABASE": self.name,
            "PGAPPNAME": "backups",
            "LC_ALL": "C.UTF-8",
        }
        words = {_LIBPQ[word]: str(value) for word, value in self.options.items()}
        return kept | ours | words

    def tool_target(self) -> str:
        """What pg_restore wants for --dbname; quoted, for names with odd characters."""
        return str(make_dsn(dbname=self.name))

    def tool_version(self, name: str) -> str:
        """'17.6' for `pg_dump (PostgreSQL) 17.6 (Debian …)`. Raises LookAtIt."""
        command = self.tool(name)
        try:
            answer = subprocess.run(
                [command, "--version"], capture_output=True, text=True, check=True
            )
        except (OSError, subprocess.CalledProcessError) as error:
            raise LookAtIt(
                f"{command} cannot be run: {error}. Install the Postgres client tools, "
                "or name their folder as POSTGRES_BIN in .env."
            ) from error
        match = re.search(r"\d+(\.\d+)?", answer.stdout)
        if match is None:
            raise LookAtIt(f"{command} --version says {answer.stdout.strip()!r}.")
        return match[0]


def session_options(**values: str) -> str:
    """For libpq's `options`, in which a blank ends a word."""
    words = {
        name: re.sub(r"([\\\s])", r"\\\1", value) for name, value in values.items()
    }
    return " ".join(f"-c {name}={value}" for name, value in words.items())


def server_version(connection: Any) -> str:
    """'17.6', without what a distribution adds to it."""
    return str(connection.get_parameter_status("server_version")).split()[0]


def major(version: str) -> int:
    return int(re.match(r"\d+", version)[0])  # type: ignore[index]
