"""supervisord, from the outside: its file, its start, its answers."""

import subprocess
import sys
import time
from collections.abc import Mapping
from http.client import HTTPException
from pathlib import Path
from typing import Any
from xmlrpc.client import Fault, ServerProxy

from supervisor.states import ProcessStates
from supervisor.xmlrpc import Faults, SupervisorTransport

from socle.embedded.exceptions import LocalError, NotReady
from socle.embedded.layout import Layout
from socle.embedded.probes import wait_until
from socle.embedded.process_wrappers import tied
from socle.embedded.processes import is_alive
from socle.embedded.programs import Program
from socle.embedded.supervisor_file import supervisor_file

READY_SECONDS = 120
STOP_SECONDS = 180  # all programs together; each has a limit of its own
RUNNING = {ProcessStates.STARTING, ProcessStates.RUNNING}
FAILED = {ProcessStates.BACKOFF, ProcessStates.FATAL, ProcessStates.EXITED}


class Supervisor:
    def __init__(self, layout: Layout):
        self._layout = layout
        self._socket = layout.run / "supervisor.sock"
        self._file = layout.run / "supervisord.conf"
        self._errors = layout.logs / "supervisord.err"

    @property
    def _remote(self) -> Any:
        """A new connection for each call: one that failed once stays broken."""
        transport = SupervisorTransport(None, None, serverurl=f"unix://{self._socket}")
        return ServerProxy("http://127.0.0.1", transport=transport).supervisor

    def is_running(self) -> bool:
        try:
            self._remote.getState()
        except (OSError, HTTPException):
            return False
        return True

    def pid(self) -> int:
        return self._remote.getPID()

    def programs(self) -> list[dict]:
        return self._remote.getAllProcessInfo()

    def all_run(self) -> bool:
        return all(facts["state"] in RUNNING for facts in self.programs())

    def start(
        self,
        programs: list[Program],
        *,
        environment: Mapping[str, str],
        outlives_us: bool,
    ) -> subprocess.Popen:
        """Start supervisord itself; it starts no program before it is told to."""
        text = supervisor_file(programs, layout=self._layout, socket=self._socket)
        self._file.touch(mode=0o600)
        self._file.write_text(text)
        self._socket.unlink(missing_ok=True)
        command = [sys.executable, "-m", "supervisor.supervisord"]
        command += ["--nodaemon", "--silent", "-c", str(self._file)]
        with self._errors.open("wb") as errors:
            # A session of its own: Ctrl-C is for us, who then stop it in order.
            return subprocess.Popen(
                command if outlives_us else tied(command),
                env=environment,
                cwd=self._layout.web,
                stdin=subprocess.DEVNULL,
                stdout=errors,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def wait(self, process: subprocess.Popen) -> None:
        """Until supervisord answers. Raises NotReady."""
        wait_until(
            self.is_running,
            name="supervisord",
            timeout_seconds=READY_SECONDS,
            has_ended=lambda: (
                "" if process.poll() is None else "\n" + last_lines(self._errors)
            ),
        )

    def start_program(self, program: Program) -> None:
        try:
            self._remote.startProcess(program.name, False)
        except Fault as fault:
            if fault.faultCode != Faults.ALREADY_STARTED:
                raise LocalError(f"{program.name}: {fault.faultString}") from fault

    def stop_program(self, program: Program) -> None:
        try:
            self._remote.stopProcess(program.name, True)
        except Fault as fault:
            if fault.faultCode != Faults.NOT_RUNNING:
                raise LocalError(f"{program.name}: {fault.faultString}") from fault

    def wait_for(self, program: Program) -> None:
        """Raises NotReady, with the last lines of its log."""
        try:
            wait_until(
                program.is_ready,
                name=program.title,
                timeout_seconds=READY_SECONDS,
                has_ended=lambda: self._end_of(program),
            )
        except NotReady as error:
            log = self._layout.logs / f"{program.name}.log"
            raise NotReady(f"{error}\n{last_lines(log)}\nIts log: {log}") from error

    def shut_down(self) -> None:
        """Stop every program, in the reverse order, and supervisord after them."""
        pid = self.pid()
        self._remote.shutdown()
        deadline = time.monotonic() + STOP_SECONDS
        while is_alive(pid):
            if time.monotonic() > deadline:
                raise LocalError(
                    f"supervisord (process {pid}) did not stop within {STOP_SECONDS} s."
                )
            time.sleep(0.05)

    def _end_of(self, program: Program) -> str:
        facts = self._remote.getProcessInfo(program.name)
        if facts["state"] not in FAILED:
            return ""
        return facts["spawnerr"] or f"exit status {facts['exitstatus']}."


def last_lines(log: Path, *, count: int = 15) -> str:
    lines = log.read_text(errors="replace").splitlines() if log.exists() else []
    return "\n".join(f"    {line}" for line in lines[-count:])
