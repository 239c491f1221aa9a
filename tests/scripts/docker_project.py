"""A copy of ./install_docker.sh beside a docker that only notes its calls."""

import os
import shutil
import subprocess
from pathlib import Path

from trees import picture

REPOSITORY = Path(__file__).resolve().parents[2]
SCRIPTS = (
    "install_docker.sh",
    "scripts/lib.sh",
    "scripts/env_rules.sh",
    "scripts/env_file.sh",
    "scripts/server.sh",
    "scripts/docker.sh",
    "scripts/engine.sh",
    "docker-compose.yml",
    "services.yml",
    "dev.yml",
    "prod.yml",
    "socle/core/env_rules.txt",
    "socle/core/time_zones.txt",
    ".env.example",
)

# Answers from the files of its folder; a file NAME.status holds an exit status.
DOCKER = """#!/usr/bin/env bash
here="$(dirname "$0")/../answers"
echo "$*" >>"$here/calls"
answer() {
  if [[ -e "$here/$1" ]]; then cat "$here/$1"; else echo "${2:-}"; fi
  if [[ -e "$here/$1.status" ]]; then exit "$(cat "$here/$1.status")"; fi
  exit 0
}
case "$*" in
  info*NCPU*) answer facts "26.1.5|4|16000000000|true|[name=seccomp,profile=builtin]" ;;
  --version) answer program "Docker version 26.1.5, build a72d7cd" ;;
  "network ls"*) answer networks ;;
  "network create"*) echo "$3" >>"$here/made"; answer network >&2 ;;
  "network rm"*) printf '%s\n' "${@:3}" >>"$here/removed" ;;
  info*ServerVersion*) answer info 26.1.5 >&2 ;;
  info*) answer disk "$here" ;;
  "compose version"*) answer version 2.26.1-4 ;;
  "buildx version") answer buildx ;;
  *" ps "*Publish*) answer published ;;
  *" ps "*) answer containers ;;
  *" build") echo "$GIT_REVISION" >"$here/revision"; answer build ;;
  *" up "*"--wait postgres") answer up_postgres ;;
  *" up "*) sleep "$(cat "$here/up_seconds" 2>/dev/null || echo 0)"; answer up ;;
  *" logs "*" migrate") answer migrate_log ;;
  *"ON_ERROR_STOP"*) cat >"$here/sql"; answer repair ;;
  *"SELECT 1"*) answer login ;;
  *create_admin*) cat >"$here/password"; answer admin "Made the administrator." ;;
  *check_storage*) answer storage ;;
  inspect*) answer health ;;
  logs*) answer logs ;;
esac
"""
# What a first DEV or PROD has to be told.
FOR_A_SERVER = (
    *("--domain", "photos.example.org"),
    *("--email", "ops@example.org"),
    *("--bucket", "gs://photos-backups"),
)
WELL = """\
postgres|running|healthy|0|socle-postgres-1
migrate|exited||0|socle-migrate-1
web|running|healthy|0|socle-web-1
"""


class Project:
    def __init__(self, folder: Path, *, port: int):
        self.root = folder / "project"
        self.answers = folder / "answers"
        self.answers.mkdir()
        self.port = port
        for name in SCRIPTS:
            (self.root / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(REPOSITORY / name, self.root / name)
        (self.root / "web/frontend").mkdir(parents=True)
        stub = folder / "stubs" / "docker"
        stub.parent.mkdir()
        stub.write_text(DOCKER)
        stub.chmod(0o755)
        self.path = f"{stub.parent}:{os.environ['PATH']}"
        self.docker(containers=WELL)

    def docker(self, *, status: int | None = None, **answers: str) -> None:
        """What docker prints from now on, and with which exit status."""
        for name, text in answers.items():
            (self.answers / name).write_text(text)
            if status is not None:
                (self.answers / f"{name}.status").write_text(str(status))

    def run(
        self, *arguments: str, stdin: int = subprocess.DEVNULL, **environment: str
    ) -> subprocess.CompletedProcess:
        defaults = {
            "PATH": self.path,
            "HOME": str(self.root),
            "NEEDED_MB": "1",
            "HEALTHY_WITHIN_SECONDS": "2",
            "HTTP_PORT": str(self.port),
        }
        return subprocess.run(
            ["bash", self.root / "install_docker.sh", *arguments],
            env=defaults | environment,
            stdin=stdin,
            capture_output=True,
            text=True,
            timeout=120,
        )

    def install(self, *arguments: str, **environment: str) -> str:
        done = self.run(*arguments, **environment)
        assert done.returncode == 0, done.stderr
        return done.stderr

    def refuse(self, *arguments: str, **environment: str) -> str:
        """Runs it and expects a check to fail; then nothing may have changed."""
        said = self.refuse_again(*arguments, **environment)
        assert not [call for call in self.calls if " build" in call or " up " in call]
        return said

    def refuse_again(self, *arguments: str, **environment: str) -> str:
        """As `refuse`, after an install that went well."""
        before = self.state()
        done = self.run(*arguments, **environment)
        assert done.returncode == 1, done.stderr
        assert "Stopped: " in done.stderr
        assert self.state() == before
        return done.stderr

    def state(self) -> dict[str, tuple[int, bytes]]:
        return picture(self.root)

    @property
    def calls(self) -> list[str]:
        notes = self.answers / "calls"
        return notes.read_text().splitlines() if notes.exists() else []

    @property
    def env(self) -> Path:
        return self.root / ".env"

    def values(self) -> dict[str, str]:
        lines = self.env.read_text().splitlines()
        return dict(line.split("=", 1) for line in lines if line and line[0] != "#")

    def change(self, **values: str) -> None:
        """As a person does in an editor."""
        changed = self.values() | values
        self.env.write_text("".join(f"{k}={v}\n" for k, v in changed.items()))
