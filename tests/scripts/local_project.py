"""A copy of the working tree in which ./install_local.sh is run for real."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
MINUTES_4 = 240


def copy_tree(target: Path) -> None:
    """What git knows and what is new, and the built frontend, so that it is kept."""
    listed = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    names = subprocess.run(listed, cwd=REPOSITORY, capture_output=True, check=True)
    for name in os.fsdecode(names.stdout).split("\0"):
        source = REPOSITORY / name
        if name and source.is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target / name)
    built = "web/frontend/dist"
    shutil.copytree(
        REPOSITORY / built, target / built, symlinks=True, dirs_exist_ok=True
    )
    keep_built_frontend(target)


def keep_built_frontend(root: Path) -> None:
    """However old that build is: these tests are not about it, and npm takes long."""
    current = "source scripts/lib.sh; frontend_sources >web/frontend/dist/.built-from"
    subprocess.run(["bash", "-c", current], cwd=root, check=True)


def free_ports(count: int) -> list[int]:
    """Below the range of outgoing connections; the third digit keeps runs apart."""
    found: list[int] = []
    port = 20_000 + os.getpid() % 5_000
    while len(found) < count:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) != 0:
                found.append(port)
        port += 1
    return found


class Project:
    def __init__(self, root: Path):
        self.root = root
        self.local = root / ".local"
        self.web, self.flower, self.storage = free_ports(3)
        # The packages of the environment that runs the tests are used, not copied.
        self.variables = {"SOCLE_VENV": sys.prefix, "NO_COLOR": "1"}

    @property
    def ports(self) -> list[str]:
        numbers = {"": self.web, "flower-": self.flower, "storage-": self.storage}
        options = [(f"--{name}port", str(port)) for name, port in numbers.items()]
        return [word for option in options for word in option]

    def command(self, *arguments: str) -> dict:
        return {
            "args": [str(self.root / "install_local.sh"), *arguments],
            "env": self.environment(),
            "stdin": subprocess.DEVNULL,
        }

    def environment(self, **more: str) -> dict[str, str]:
        left_out = ("POSTGRES_", "REDIS_URL", "SECRET_KEY", "PYTHONPATH")
        kept = {k: v for k, v in os.environ.items() if not k.startswith(left_out)}
        return kept | self.variables | more

    def run(self, *arguments: str, **variables: str) -> subprocess.CompletedProcess:
        run = self.command(*arguments) | {"env": self.environment(**variables)}
        return subprocess.run(**run, capture_output=True, text=True, timeout=MINUTES_4)

    def start(self, *arguments: str) -> str:
        done = self.run("--detach", *arguments)
        assert done.returncode == 0, done.stderr
        return done.stderr

    def status_of(self, path: str) -> int:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.web}{path}") as answer:
            return answer.status

    def processes(self) -> dict[int, str]:
        """All that belong to this copy, found without the help of its own code."""
        mark = os.fsencode(self.local)
        found = {}
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                environment = (folder / "environ").read_bytes()
                command = (folder / "cmdline").read_bytes()
            except OSError:
                continue
            if mark in environment.split(b"SOCLE_STACK=")[-1] or mark in command:
                found[int(folder.name)] = command.replace(b"\0", b" ").decode()
        found.pop(os.getpid(), None)
        return found

    def left_after(self, seconds: float) -> dict[int, str]:
        """The processes that are left once all have gone or the time is over."""
        deadline = time.monotonic() + seconds
        while (found := self.processes()) and time.monotonic() < deadline:
            time.sleep(0.2)
        return found

    def env(self) -> dict[str, str]:
        return read_values(self.local / "env")

    def users(self) -> str:
        """The site's accounts."""
        return self.sql("SELECT email, password FROM accounts_user ORDER BY email")

    def sql(self, query: str) -> str:
        """What the site's Postgres answers, a line a row."""
        env = self.env()
        psql = [f"{env['POSTGRES_BIN']}/psql", "-h", env["POSTGRES_HOST"]]
        psql += ["-U", env["POSTGRES_USER"], "-d", env["POSTGRES_DB"], "-Atc"]
        done = subprocess.run([*psql, query], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def kill_everything(self) -> None:
        for pid in self.processes():
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue

    def end(self) -> None:
        self.run("--stop")
        self.kill_everything()


def read_values(path: Path) -> dict[str, str]:
    lines = [line for line in path.read_text().splitlines() if line[:1] != "#"]
    return dict(line.split("=", 1) for line in lines if "=" in line)
