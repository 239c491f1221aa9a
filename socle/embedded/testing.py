"""Postgres, Redis and a bucket of one's own, for the time of a test run."""

import os
import random
import secrets
import signal
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Protocol

from socle.embedded.binaries import find_binaries
from socle.embedded.binary_access import usable_binaries
from socle.embedded.exceptions import NotReady
from socle.embedded.postgres import PORT, Postgres
from socle.embedded.probes import is_port_free, wait_until
from socle.embedded.process_wrappers import postgres_account
from socle.embedded.storage import Storage
from socle.embedded.valkey import Valkey

BUCKET = "socle-tests"
# Below the range of outgoing connections: a probe of a closed port in that range
# can connect to itself. Browsers open no page on port 10080.
PORTS = [port for port in range(10_000, 32_000) if port != 10_080]


class Service(Protocol):
    @property
    def command(self) -> list[str]: ...

    def prepare(self) -> None: ...

    def is_ready(self) -> bool: ...


@contextmanager
def running_services(folder: Path) -> Iterator[dict[str, str]]:
    """
    Start the three servers in `folder` (a short path) and yield the environment
    that the site needs. They end with the block, or with this process if it is killed.
    """
    binaries = find_binaries()
    account = postgres_account()
    if account is not None:
        folder.chmod(0o711)  # the account must pass through
    postgres = Postgres(
        binaries=usable_binaries(binaries.postgres, account=account),
        folder=folder / "postgres",
        sockets=folder / "sockets",
        account=account,
        durable=False,
    )
    valkey = Valkey(
        binary=binaries.valkey,
        folder=folder / "redis",
        socket=folder / "valkey.sock",
        durable=False,
    )
    with ExitStack() as stack:
        log = folder / "services.log"
        stack.enter_context(running(postgres, "Postgres", log=log, stop=signal.SIGINT))
        stack.enter_context(running(valkey, "Valkey", log=log))
        storage = start_storage(
            binaries.storage, folder / "bucket", log=log, stack=stack
        )
        postgres.make_database("socle")
        storage.make_bucket(BUCKET)
        yield environment(folder, postgres=postgres, valkey=valkey, storage=storage)


@contextmanager
def running(
    service: Service, name: str, *, log: Path, stop: signal.Signals = signal.SIGTERM
) -> Iterator[None]:
    """Start `service`, wait until it is ready, and stop it at the end."""
    service.prepare()
    # A session of its own: Ctrl-C is for pytest, which then stops us in order.
    with log.open("ab") as output:
        process = subprocess.Popen(
            service.command,
            stdout=output,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            cwd="/",
            start_new_session=True,
        )
    try:
        wait_until(
            service.is_ready,
            name=name,
            timeout_seconds=60,
            has_ended=lambda: ending(process, log=log),
        )
        yield
    finally:
        process.send_signal(stop)
        process.wait(timeout=30)


def ending(process: subprocess.Popen, *, log: Path) -> str:
    if process.poll() is None:
        return ""
    lines = log.read_text(errors="replace").splitlines()[-5:]
    return "\n".join([f"exit status {process.returncode}.", *lines])


def start_storage(
    binary: Path, folder: Path, *, log: Path, stack: ExitStack
) -> Storage:
    """On a free port; another run may take it before we do, so more than once."""
    for attempt in range(5):
        port = free_port()
        storage = Storage(binary=binary, folder=folder, port=port)
        try:
            stack.enter_context(running(storage, "The storage emulator", log=log))
        except NotReady:
            if attempt == 4:
                raise
        else:
            break
    return storage


def free_port() -> int:
    return next(
        port
        for port in (random.choice(PORTS) for _ in range(1000))
        if is_port_free(port)
    )


def environment(
    folder: Path, *, postgres: Postgres, valkey: Valkey, storage: Storage
) -> dict[str, str]:
    media = folder / "media" / "live"
    media.mkdir(parents=True, exist_ok=True)
    return {
        "PROJECT_NAME": "socle",
        "ENVIRONMENT": "local",
        "SECRET_KEY": secrets.token_hex(32),
        "MEDIA_LINK_KEY": secrets.token_hex(20),
        "ALLOWED_HOSTS": "*",
        "SITE_URL": "http://localhost:8080",
        "TIME_ZONE": "UTC",
        "POSTGRES_HOST": str(postgres.sockets),
        "POSTGRES_PORT": str(PORT),
        "POSTGRES_DB": "socle",
        "POSTGRES_USER": postgres.user,
        "POSTGRES_PASSWORD": secrets.token_hex(16),  # the socket asks for none
        "POSTGRES_SITE_USER": "socle_site",
        "POSTGRES_SITE_PASSWORD": secrets.token_hex(16),
        "POSTGRES_BIN": str(postgres.binaries),
        "REDIS_URL": valkey.url,
        "MEDIA_ROOT": str(media),
        "MEDIA_BY_NGINX": "0",
        "BACKUP_STORAGE_URL": f"gs://{BUCKET}",
        "STORAGE_EMULATOR_HOST": storage.url,
        "GOOGLE_APPLICATION_CREDENTIALS": "",
        "WORKER_HEARTBEAT_FILE": str(folder / "worker-alive"),
        "WORKER_CANARY_FILE": str(folder / "worker-canary"),
        "TMPDIR": os.environ.get("TMPDIR", "/tmp"),
    }
