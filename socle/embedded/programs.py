"""The programs of the local stack, in the order in which they start."""

import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from socle.embedded.binaries import find_binaries
from socle.embedded.binary_access import claim, shared_home, usable_binaries
from socle.embedded.layout import Layout
from socle.embedded.postgres import PORT, Postgres, site_role
from socle.embedded.probes import http_answers
from socle.embedded.process_wrappers import postgres_account, tied
from socle.embedded.storage import Storage
from socle.embedded.valkey import Valkey


@dataclass(frozen=True)
class Program:
    """
    One process that supervisor runs. They are stopped in the reverse order.

    stop_seconds: how long it may take to stop, before it is killed.
    """

    name: str
    title: str
    command: list[str]
    folder: Path
    is_ready: Callable[[], bool]
    stop_signal: str = "TERM"
    stop_seconds: int = 15
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Services:
    postgres: Postgres
    valkey: Valkey
    storage: Storage

    @classmethod
    def of(cls, layout: Layout, *, user: str, storage_port: int) -> "Services":
        binaries = find_binaries()
        account = postgres_account()
        home = shared_home(layout.local)
        usable = usable_binaries(binaries.postgres, account=account, home=home)
        if usable.is_relative_to(home):
            claim(home, local=layout.local)
        return cls(
            postgres=Postgres(
                binaries=usable,
                folder=layout.database,
                sockets=layout.run / "postgres",
                account=account,
                user=user,
            ),
            valkey=Valkey(
                binary=binaries.valkey,
                folder=layout.local / "redis",
                socket=layout.run / "valkey.sock",
            ),
            storage=Storage(
                binary=binaries.storage,
                folder=layout.local / "bucket",
                port=storage_port,
            ),
        )

    def all(self) -> tuple[Postgres, Valkey, Storage]:
        return self.postgres, self.valkey, self.storage

    def environment(self) -> dict[str, str]:
        """Where the site finds them."""
        return {
            "POSTGRES_HOST": str(self.postgres.sockets),
            "POSTGRES_PORT": str(PORT),
            "POSTGRES_BIN": str(self.postgres.binaries),
            "REDIS_URL": self.valkey.url,
        }

    def programs(self) -> list[Program]:
        root = Path("/")  # Postgres' account may not be allowed to enter ours
        postgres, valkey, storage = self.postgres, self.valkey, self.storage
        return [
            Program(
                "postgres",
                "Postgres",
                postgres.command,
                root,
                postgres.is_ready,
                stop_signal="INT",
                stop_seconds=60,
            ),
            Program("redis", "Redis (Valkey)", valkey.command, root, valkey.is_ready),
            Program(
                "storage", "Storage emulator", storage.command, root, storage.is_ready
            ),
        ]


def site_programs(layout: Layout, env: Mapping[str, str]) -> list[Program]:
    """
    web, cron, worker, flower: `env` says on which ports. What visitors reach signs in
    to the database by the site's own role.
    """
    heartbeat = Path(env["WORKER_HEARTBEAT_FILE"])
    site = f"http://127.0.0.1:{env['WEB_PORT']}"
    flower = f"http://127.0.0.1:{env['FLOWER_PORT']}/flower/healthcheck"
    celery = ["-m", "celery", "--app=config"]

    def python(
        name: str, title: str, arguments: list[str], is_ready, tie="TERM", **more
    ):
        command = tied([sys.executable, *arguments], signal=tie)
        return Program(name, title, command, layout.web, is_ready, **more)

    return [
        python(
            "web",
            "Site (gunicorn)",
            ["-m", "gunicorn", "-c", "config/gunicorn.conf.py", "config.wsgi"],
            lambda: http_answers(f"{site}/health/ready"),
            stop_seconds=35,  # longer than gunicorn's graceful_timeout
            environment=site_role(env),
        ),
        Program(
            "cron",
            "Nightly jobs (cron)",
            tied([sys.executable, str(layout.root / "cron" / "run"), "--daemon"]),
            layout.web,
            (layout.cron / "tick").exists,
            stop_seconds=25,  # longer than a job is given to end
            environment=cron_environment(layout, env),
        ),
        python(
            "worker",
            "Worker (Celery)",
            ["manage.py", "run_worker"],
            heartbeat.exists,
            # When supervisord dies so does Redis, and without it no worker ever stops.
            tie="KILL",
            stop_seconds=25,  # longer than CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT
            # A stop lets tasks finish for a while, then gives them back to the queue.
            environment={"REMAP_SIGTERM": "SIGQUIT", **site_role(env)},
        ),
        python(
            "flower",
            "Flower",
            [*celery, "flower", "--address=127.0.0.1", "--url-prefix=flower"]
            + [f"--port={env['FLOWER_PORT']}"],
            lambda: http_answers(flower),
        ),
    ]


def cron_environment(layout: Layout, env: Mapping[str, str]) -> dict[str, str]:
    """What cron's runner and its tasks find in Docker in the image and services.yml."""
    return {
        "CRON_FOLDER": str(layout.cron),
        "CRON_TABLE": str(layout.cron / "crontab"),
        "CRON_USER": "",
        "TZ": env["TIME_ZONE"],
        "WEB_NAME": "127.0.0.1",
        "TMPDIR": str(layout.media.parent / "tmp"),
        "PATH": f"{Path(sys.executable).parent}:{os.environ.get('PATH', os.defpath)}",
    }
