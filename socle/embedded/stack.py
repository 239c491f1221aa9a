"""The local stack as a whole: its settings, its programs, its start and its end."""

import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from urllib.parse import urlsplit

from socle.embedded.admin import forget_admin, make_admin
from socle.embedded.code_fingerprint import StackFingerprint, fingerprint
from socle.embedded.console import say, step
from socle.embedded.env_file import (
    chosen_ports,
    first_values,
    program_environment,
    read_env,
    write_env,
)
from socle.embedded.layout import Layout
from socle.embedded.manage import manage
from socle.embedded.process_wrappers import postgres_account
from socle.embedded.processes import end_processes, stack_processes
from socle.embedded.programs import Services, cron_environment, site_programs
from socle.embedded.supervisor_client import Supervisor

ORPHANS_SECONDS = 5


class Stack:
    """
    Making one writes .local/env and starts nothing.

    wanted_ports: from the command line; the others stay as they were.
    """

    def __init__(self, root: Path, *, wanted_ports: Mapping[str, int]):
        self.layout = Layout.make(root, account=postgres_account())
        written = read_env(self.layout.env_file)
        ports = chosen_ports(written, wanted_ports)
        values = first_values() | written
        self.services = Services.of(
            self.layout,
            user=values["POSTGRES_USER"],
            storage_port=ports["STORAGE_PORT"],
        )
        self.env = values | self.places(written, ports)
        write_env(self.layout.env_file, self.env)
        self.environment = program_environment(self.env, local=self.layout.local)
        self.site_programs = site_programs(self.layout, self.env)
        self.programs = [*self.services.programs(), *self.site_programs]
        self.supervisor = Supervisor(self.layout)
        self.new_password: str | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.env['WEB_PORT']}/"

    def places(
        self, written: Mapping[str, str], ports: Mapping[str, int]
    ) -> dict[str, str]:
        """Where things are today: the folder may have moved, a port changed."""
        site = f"http://127.0.0.1:{ports['WEB_PORT']}"
        own_site = urlsplit(written.get("SITE_URL", site)).hostname == "127.0.0.1"
        # Emptied by hand: backups then go to Google's own storage.
        emulated = written.get("STORAGE_EMULATOR_HOST") != ""
        return {
            **{name: str(port) for name, port in ports.items()},
            **self.services.environment(),
            "SITE_URL": site if own_site else written["SITE_URL"],
            "FLOWER_URL": f"http://127.0.0.1:{ports['FLOWER_PORT']}/flower/",
            "STORAGE_EMULATOR_HOST": self.services.storage.url if emulated else "",
            "MEDIA_ROOT": str(self.layout.media),
            "WORKER_HEARTBEAT_FILE": str(self.layout.run / "worker-alive"),
            "WORKER_CANARY_FILE": str(self.layout.run / "worker-canary"),
            "JOBS_FOLDER": str(self.layout.jobs),
        }

    def start(self, *, outlives_us: bool) -> subprocess.Popen:
        """Start everything in order; what fails to start ends the rest as well."""
        self.end_leftovers()
        now = self.fingerprint(outlives_us=outlives_us)
        process = self.supervisor.start(
            self.programs, environment=self.environment, outlives_us=outlives_us
        )
        try:
            self.supervisor.wait(process)
            self.start_services()
            self.migrate()
            self.start_site()
        except BaseException:
            self.stop()
            process.wait()
            raise
        now.save(self.layout.fingerprint_file)
        return process

    def start_services(self) -> None:
        postgres, valkey, storage = self.services.all()
        if not postgres.has_data:
            forget_admin(self.layout)
        preparations = [postgres.prepare, valkey.prepare, storage.prepare]
        for prepare, program in zip(preparations, self.programs, strict=False):
            with step(program.title):
                prepare()
                self.supervisor.start_program(program)
                self.supervisor.wait_for(program)
        with step("Database and bucket"):
            postgres.make_database(self.env["POSTGRES_DB"])
            bucket = urlsplit(self.env["BACKUP_STORAGE_URL"])
            if bucket.scheme == "gs" and self.env["STORAGE_EMULATOR_HOST"]:
                storage.make_bucket(bucket.netloc)

    def migrate(self) -> None:
        with step("Migrations and roles"):
            manage(
                "migrate_site",
                layout=self.layout,
                environment=self.environment,
                tell=lambda line: say(f"      {line}"),
            )
        if not self.layout.password_file.exists():
            with step("First administrator"):
                self.new_password = make_admin(
                    self.env["ADMIN_EMAIL"],
                    layout=self.layout,
                    environment=self.environment,
                )

    def start_site(self) -> None:
        Path(self.env["WORKER_HEARTBEAT_FILE"]).unlink(missing_ok=True)
        (self.layout.cron / "tick").unlink(missing_ok=True)
        for program in self.site_programs:
            with step(program.title):
                self.supervisor.start_program(program)
                self.supervisor.wait_for(program)

    def run_job(self, *words: str) -> int:
        """cron/run, as in cron's container."""
        return subprocess.run(**self._run(words), check=False).returncode

    def jobs(self, *words: str) -> str:
        """What cron/run tells of its jobs, or why it cannot."""
        done = subprocess.run(
            **self._run(words), check=False, capture_output=True, text=True
        )
        return (done.stdout + done.stderr).rstrip()

    def _run(self, words: Sequence[str]) -> dict:
        environment = self.environment | cron_environment(self.layout, self.env)
        command = [sys.executable, str(self.layout.root / "cron" / "run"), *words]
        return {"args": command, "env": environment, "stdin": subprocess.DEVNULL}

    def update(self) -> bool:
        """Bring the site of a running stack up to the code. False: it was already."""
        before = StackFingerprint.load(self.layout.fingerprint_file)
        now = self.fingerprint(outlives_us=self.was_detached())
        if before == now and self.supervisor.all_run():
            return False
        self.migrate()
        with step("Programs of the site stopped"):
            for program in reversed(self.site_programs):
                self.supervisor.stop_program(program)
        self.start_site()
        now.save(self.layout.fingerprint_file)
        return True

    def must_start_anew(self) -> bool:
        """What all programs share has changed: their settings, ports or packages."""
        before = StackFingerprint.load(self.layout.fingerprint_file)
        return before is None or before.settings != self.fingerprint().settings

    def was_detached(self) -> bool:
        before = StackFingerprint.load(self.layout.fingerprint_file)
        return before is not None and before.detached

    def fingerprint(self, *, outlives_us: bool = False) -> StackFingerprint:
        return fingerprint(
            self.programs, env=self.env, layout=self.layout, detached=outlives_us
        )

    def stop(self) -> None:
        if self.supervisor.is_running():
            with step("Everything stopped, Postgres last"):
                self.supervisor.shut_down()
        self.end_leftovers(patience_seconds=3)

    def end_leftovers(self, *, patience_seconds: float = ORPHANS_SECONDS) -> None:
        """After kill -9 of supervisord its programs are about to end. See to it."""
        found = stack_processes(self.layout.local, run=self.layout.run)
        if found:
            with step(f"{len(found)} processes of an earlier run ended"):
                end_processes(found, patience_seconds=patience_seconds)
