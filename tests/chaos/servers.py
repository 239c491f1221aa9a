"""A Postgres and a storage emulator that may be killed and started again."""

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from socle.embedded.binaries import find_binaries
from socle.embedded.binary_access import usable_binaries
from socle.embedded.exceptions import NotReady
from socle.embedded.postgres import Postgres
from socle.embedded.probes import wait_until
from socle.embedded.process_wrappers import postgres_account
from socle.embedded.storage import Storage
from socle.embedded.testing import Service, ending, environment, free_port
from socle.embedded.valkey import Valkey

BUCKET = "socle-tests"
START_SECONDS = 60
METADATA = "user.metadata"  # the attribute of a file in which the emulator keeps it


class Server:
    def __init__(self, service: Service, name: str, *, log: Path):
        self._service = service
        self._name = name
        self._log = log
        self._process: subprocess.Popen | None = None

    def start(self) -> None:
        self._service.prepare()
        with self._log.open("ab") as output:
            process = self._process = subprocess.Popen(
                self._service.command,
                stdout=output,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                cwd="/",
                start_new_session=True,
            )
        wait_until(
            self._service.is_ready,
            name=self._name,
            timeout_seconds=START_SECONDS,
            has_ended=lambda: ending(process, log=self._log),
        )

    def stop(self, number: int) -> None:
        if self._process is not None:
            self._process.send_signal(number)
            self._process.wait(timeout=START_SECONDS)
            self._process = None


class Servers:
    """What the site needs, in `folder`; the environment says where it is."""

    def __init__(self, folder: Path):
        binaries, account = find_binaries(), postgres_account()
        if account is not None:
            folder.chmod(0o711)  # the account must pass through
        log = folder / "servers.log"
        self._postgres = Postgres(
            binaries=usable_binaries(binaries.postgres, account=account),
            folder=folder / "postgres",
            sockets=folder / "sockets",
            account=account,
            durable=False,
        )
        self._storage = Storage(
            binary=binaries.storage, folder=folder / "bucket", port=free_port()
        )
        self.postgres = Server(self._postgres, "Postgres", log=log)
        self.storage = Server(self._storage, "The storage emulator", log=log)
        # Nothing here asks Redis; the settings want its address.
        valkey = Valkey(
            binary=binaries.valkey, folder=folder, socket=folder / "valkey.sock"
        )
        self.environment = environment(
            folder, postgres=self._postgres, valkey=valkey, storage=self._storage
        )

    @contextmanager
    def running(self) -> Iterator[None]:
        with ExitStack() as stack:
            stack.callback(self.postgres.stop, signal.SIGINT)
            stack.callback(self.storage.stop, signal.SIGTERM)
            self.postgres.start()
            self.start_storage()
            self._storage.make_bucket(BUCKET)
            yield

    def start_storage(self) -> None:
        """
        Without the objects that a kill has left half written, as any bucket comes back:
        the emulator has no metadata of them, and then lists nothing at all.
        """
        for path in (self._storage.folder / BUCKET).rglob("*"):
            if path.is_file() and METADATA not in os.listxattr(path):
                path.unlink()
        self.storage.start()

    def restart_postgres(self, number: int) -> None:
        """number: SIGINT ends its sessions in order, SIGKILL is a crash."""
        self.postgres.stop(number)
        ends_at = time.monotonic() + START_SECONDS
        while True:
            try:
                return self.postgres.start()
            except NotReady:  # processes of the killed one have its memory still
                if time.monotonic() > ends_at:
                    raise
                time.sleep(0.1)


def children_of(pid: int, *, name: str) -> list[int]:
    """The living children of a process that run the program `name`."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            before, _, after = entry.read_text().rpartition(") ")
        except OSError:
            continue  # it ended meanwhile
        if before.partition("(")[2] == name and int(after.split()[1]) == pid:
            found.append(int(entry.parent.name))
    return found


def kill(pid: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
