"""The Postgres of the wheel, run directly, on a unix socket only."""

import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from socle.embedded.exceptions import LocalError
from socle.embedded.probes import succeeds
from socle.embedded.process_wrappers import UnixAccount, as_account, tied

PORT = 5432  # only a part of the socket's name: no TCP port is opened
# What a test does not need: nothing is lost with it but the work of a power cut.
HASTY = ["fsync=off", "synchronous_commit=off", "full_page_writes=off"]


@dataclass(frozen=True)
class Postgres:
    """
    folder:   of the data; made by `prepare`, owned by `account`.
    sockets:  a folder that only its owner (and root) can enter, so that local
              connections need no password.
    durable:  False for tests.
    """

    binaries: Path
    folder: Path
    sockets: Path
    account: UnixAccount | None
    user: str = "socle"
    durable: bool = True

    @property
    def command(self) -> list[str]:
        settings = ["listen_addresses=", *([] if self.durable else HASTY)]
        options = [part for setting in settings for part in ("-c", setting)]
        postgres = [str(self.binaries / "postgres"), "-D", str(self.folder)]
        postgres += ["-k", str(self.sockets), "-p", str(PORT), *options]
        # INT is Postgres' fast stop; TERM would wait for every client to leave.
        return tied(postgres, signal="INT", account=self.account)

    @property
    def has_data(self) -> bool:
        return (self.folder / "PG_VERSION").exists()

    def prepare(self) -> None:
        """Make the folders, and the data if there is none. Raises LocalError."""
        self._own(self.sockets)
        if self.has_data:
            self._own(self.folder)
            self._remove_stale_lock(self.folder / "postmaster.pid")
            self._remove_stale_lock(self.sockets / f".s.PGSQL.{PORT}.lock")
            return
        # A first run that was killed half-way must not look like a database.
        unfinished = self.folder.with_name(f"{self.folder.name}.new")
        shutil.rmtree(unfinished, ignore_errors=True)
        self._own(unfinished)
        self._run_initdb(unfinished)
        unfinished.rename(self.folder)

    def is_ready(self) -> bool:
        return succeeds([*self.client("pg_isready"), "--quiet", "--dbname=postgres"])

    def make_database(self, name: str) -> None:
        """Make the database `name` unless it exists. Raises LocalError."""
        query = f"SELECT 1 FROM pg_database WHERE datname = '{name}'"
        psql = [*self.client("psql"), "--no-psqlrc", "-d", "postgres", "-Atc", query]
        if not self._output(psql).strip():
            self._output([*self.client("createdb"), name])

    def client(self, program: str) -> list[str]:
        """`program` of the server's own version, told where the server is."""
        where = ["-h", str(self.sockets), "-p", str(PORT), "-U", self.user]
        return [str(self.binaries / program), *where]

    def _own(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        if self.account is not None:
            os.chown(folder, self.account.uid, self.account.gid)
        folder.chmod(0o700)

    def _run_initdb(self, folder: Path) -> None:
        initdb = [str(self.binaries / "initdb"), "-D", str(folder), "-U", self.user]
        initdb += ["--auth-local=trust", "--auth-host=reject", "--encoding=UTF8"]
        initdb += ["--locale-provider=builtin", "--locale=C.UTF-8"]
        initdb += ["--no-instructions", *([] if self.durable else ["--no-sync"])]
        self._output(as_account(initdb, self.account))

    def _remove_stale_lock(self, lock: Path) -> None:
        """
        After kill -9 the number in a lock file may be another process of today, or
        one that is dead and not yet collected by its parent.

        Postgres would refuse to start if that one has the same user.
        """
        if not lock.exists():
            return
        pid = lock.read_text().split("\n", 1)[0].strip()
        try:
            runs = Path(f"/proc/{int(pid)}/exe").resolve().name == "postgres"
        except (OSError, ValueError):
            runs = False
        if not runs:
            lock.unlink()

    def _output(self, command: list[str]) -> str:
        # "/" because the account may not be allowed to enter the caller's folder.
        done = subprocess.run(command, capture_output=True, text=True, cwd="/")
        if done.returncode != 0:
            raise LocalError(
                f"{Path(command[0]).name} failed for {self.folder}: "
                f"{(done.stderr or done.stdout).strip()}"
            )
        return done.stdout


def site_role(environment: Mapping[str, str]) -> dict[str, str]:
    """
    The variables that differ for what visitors reach: it signs in to the database by
    the site's own role, where `environment` names one.
    """
    if not environment.get("POSTGRES_SITE_USER"):
        return {}
    return {
        "POSTGRES_USER": environment["POSTGRES_SITE_USER"],
        "POSTGRES_PASSWORD": environment["POSTGRES_SITE_PASSWORD"],
    }
