"""A project for the doctor to look at: real files and ports, and a docker that answers.

Untouched it is well; a test breaks one thing and reads what the doctor says of it.
"""

import io
import os
import re
import shutil
import subprocess
import tarfile
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from trees import picture

REPOSITORY = Path(__file__).resolve().parents[2]
FILES = (".env.example", "docker-compose.yml", "dev.yml", "prod.yml", "services.yml")
KINDS = ("ok", "warn", "problem")
SECRET = "TheSecretNobodyMayRead"
MARK = "\x1f"

# Answers from files, by the name after the colon; NAME.status holds an exit status.
DOCKER = r"""#!/usr/bin/env bash
here="$(dirname "$0")/../answers"
echo "$*" >>"$here/calls"
answer() {
  if [[ -e "$here/$1" ]]; then cat "$here/$1"; else printf '%s\n' "${2:-}"; fi
  if [[ -e "$here/$1.error" ]]; then cat "$here/$1.error" >&2; fi
  if [[ -e "$here/$1.status" ]]; then exit "$(cat "$here/$1.status")"; fi
  exit 0
}
slug() { printf '%s' "${1//[^A-Za-z0-9]/_}"; }
case "$*" in
  info*NCPU*) answer facts "26.1.5|4|16000000000|true|[name=seccomp,profile=builtin]" ;;
  "network ls"*Name*) answer networks "$(cat "$here/networks.made")" ;;
  "network ls"*) answer network_ids ;;
  info*) answer info "26.1.5|$here" ;;
  "compose version"*) answer version 2.26.1-4 ;;
  "buildx version") answer buildx ;;
  "ps --all --quiet"*) answer ids ;;
  ps*working_dir*) answer others ;;
  ps*publish=*) answer "$(slug "publish ${3#publish=}")" ;;
  port*) answer port ;;
  inspect*RestartCount*) answer containers ;;
  inspect*Mounts*) answer volumes ;;
  inspect*HostConfig.Memory*) answer memory 1887436800 ;;
  inspect*Config.Env*) echo PGDATA=/data ;;
  inspect*Health*) answer health ;;
  "volume ls"*) answer volume_list ;;
  "image inspect"*revision*) answer revision ;;
  "image inspect"*) answer "tag_$(slug "$5")" sha256:1 ;;
  *"config --quiet"*) answer config ;;
  *--dry-run*) answer rehearsal ;;
  *"config --services"*) answer services ;;
  cp*) cat "$here/cp_$(slug "$2")" 2>/dev/null ;;
  logs*) answer logs ;;
  *clock_timestamp*) answer clock "$(date +%s)" ;;
  *"SELECT 1"*) cat >"$here/given_to_postgres"; answer login 1 ;;
  *redis-cli*) cat >"$here/given_to_redis"; answer ping PONG ;;
  *pg_dump*) answer pg_dump "pg_dump (PostgreSQL) 17.6" ;;
  *" python -") cat >"$here/questions"; answer facts ;;
  *df*) answer media "$(df -Pm / && df -Pi /)" ;;
esac
"""


@dataclass
class Line:
    kind: str
    says: str
    todo: str = ""
    section: str = ""


@dataclass
class Report:
    text: str
    status: int
    lines: list[Line]

    def of(self, kind: str) -> list[Line]:
        return [line for line in self.lines if line.kind == kind]

    def the(self, kind: str) -> Line:
        """The one line of that kind."""
        found = self.of(kind)
        assert len(found) == 1, self.text
        return found[0]

    @property
    def problem(self) -> Line:
        assert self.status == 1, self.text
        return self.the("problem")

    @property
    def warning(self) -> Line:
        assert self.status == 0, self.text
        return self.the("warn")


def read(text: str, status: int) -> Report:
    lines: list[Line] = []
    for row in text.splitlines():
        words = re.match(r"  (ok|warn|problem) +(.*)", row)
        if words:
            lines.append(Line(*words.groups()))
        elif row.startswith(" " * 11):
            detail = row.strip()
            section = detail.removeprefix("docs/troubleshooting.md: ")
            if section != detail:
                lines[-1].section = section
            else:
                lines[-1].todo = detail
    return Report(text, status, lines)


def tar(name: str, *, content: bytes | None = None, uid: int = 0, mode=0o755) -> bytes:
    """As `docker cp CONTAINER:PATH -` prints it: a file, or an empty folder."""
    whole = io.BytesIO()
    with tarfile.open(fileobj=whole, mode="w") as archive:
        member = tarfile.TarInfo(name)
        member.uid = member.gid = uid
        member.mode = mode
        if content is None:
            member.type = tarfile.DIRTYPE
            archive.addfile(member)
        else:
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return whole.getvalue()


def fact(name: str, state: str, says: str, todo: str = "") -> str:
    """As web's Python prints it for the doctor."""
    return MARK.join(("fact", name, state, says, todo)) + "\n"


def just_now() -> str:
    """Within the last minute, as Docker writes times."""
    return f"{datetime.now(UTC) - timedelta(seconds=20):%Y-%m-%dT%H:%M:%S.%fZ}"


BUCKET = MARK.join(("bucket", "ok")) + "\n"
SERVICES = (
    *("cron", "flower", "migrate", "nginx", "postgres", "redis", "web", "worker"),
)
PASSWD = b"root:x:0:0::/:/bin/sh\napp:x:1000:1000::/:/bin/sh\n"
PASSWD += b"postgres:x:999:999::/:/bin/sh\n"


class Patient:
    """
    A whole installation of `stage`, whose site is what listens at `url`.

    port:  where nginx is said to publish.
    """

    def __init__(self, folder: Path, *, url: str, port: int, stage: str = "local"):
        self.root = folder / "project"
        self.answers = folder / "answers"
        self.stubs = folder / "stubs"
        self.stage = stage
        self.project = "socle" if stage == "local" else f"socle-{stage}"
        for each in (self.root, self.answers, self.stubs):
            each.mkdir()
        self._copy_scripts()
        self._write_env(url, port)
        self._answer_well(port)
        stub = self.stubs / "docker"
        stub.write_text(DOCKER)
        stub.chmod(0o755)

    def _copy_scripts(self) -> None:
        for name in FILES:
            shutil.copy(REPOSITORY / name, self.root / name)
        shutil.copy(REPOSITORY / "install_docker.sh", self.root)
        shutil.copytree(REPOSITORY / "scripts", self.root / "scripts")
        (self.root / "web/frontend").mkdir(parents=True)
        (self.root / "socle/core").mkdir(parents=True)
        for rules in (REPOSITORY / "socle/core").glob("*.txt"):
            shutil.copy(rules, self.root / "socle/core")

    def _write_env(self, url: str, port: int) -> None:
        values = {
            "ENVIRONMENT": self.stage,
            "COMPOSE_FILE": self.compose_file,
            "SITE_URL": url,
            "HTTP_PORT": str(port),
            "ALLOWED_HOSTS": "localhost",
            "APP_UID": "1000",
            "APP_GID": "1000",
        }
        if self.stage == "local":
            names = ("POSTGRES_PASSWORD", "REDIS_PASSWORD", "SECRET_KEY")
            values |= dict.fromkeys((*names, "MEDIA_LINK_KEY"), SECRET)
        else:
            self._write_secrets()
        example = (REPOSITORY / ".env.example").read_text()
        self.env.write_text(example)
        self.env.chmod(0o600)
        self.change(**values)

    def _write_secrets(self) -> None:
        folder = self.root / "secrets/values"
        folder.mkdir(parents=True)
        text = (self.root / self.compose_file).read_text()
        text = text.replace("${POSTGRES_SITE_USER:+site_}", "site_")
        for name in re.findall(r"file: \./secrets/values/(\w+)", text):
            is_optional = name in ("email_url", "backup_encryption_key")
            (folder / name).write_text("" if is_optional else SECRET)
            (folder / name).chmod(0o444)
        folder.chmod(0o700)

    def _answer_well(self, port: int) -> None:
        self.container(**{name: {} for name in SERVICES})
        self.docker(port=f"8080/tcp -> 127.0.0.1:{port}\n")
        networks = "".join(f"{self.project}_{n}\n" for n in ("edge", "app", "data"))
        self.docker(**{"networks.made": networks})
        self.docker(volume_list=f"{self.project}_postgres-17\n{self.project}_media\n")
        self.docker(
            services="\n".join(SERVICES), facts=fact("database", "ok", "Up.") + BUCKET
        )
        volumes = {"postgres": "/volume", "web": "/media", "nginx": "/var/cache/nginx"}
        users = {"postgres": "postgres", "web": "app", "nginx": "101:101"}
        rows = [f"/{self.name(n)}|{users[n]}|{path}\n" for n, path in volumes.items()]
        self.docker(volumes="".join(rows))
        self.inside("postgres", "/data/PG_VERSION", tar("v", content=b"17\n"))
        self.inside("postgres", "/data", tar("data/", uid=999, mode=0o700))
        self.inside("web", "/media", tar("media/", uid=1000))
        self.inside("nginx", "/var/cache/nginx", tar("nginx/", uid=101))
        for service in ("postgres", "web"):
            self.inside(service, "/etc/passwd", tar("passwd", content=PASSWD))

    @property
    def compose_file(self) -> str:
        return "docker-compose.yml" if self.stage == "local" else f"{self.stage}.yml"

    @property
    def env(self) -> Path:
        return self.root / ".env"

    def name(self, service: str) -> str:
        return f"{self.project}-{service}-1"

    # --- Breaking things -----------------------------------------------------

    def change(self, **values: str) -> None:
        """In .env, as in an editor; what is new comes last."""
        text = self.env.read_text()
        for name, value in values.items():
            line = f"{name}={value}"
            text, found = re.subn(
                rf"(?m)^{name}=.*$", line.replace("\\", r"\\"), text, count=1
            )
            text += "" if found else f"{line}\n"
        self.env.write_text(text)

    def docker(self, *, status: int | None = None, **answers: str) -> None:
        """What docker prints from now on, and with which exit status."""
        for name, text in answers.items():
            (self.answers / name).write_text(text)
            if status is not None:
                (self.answers / f"{name}.status").write_text(str(status))

    def inside(self, service: str, path: str, content: bytes) -> None:
        slug = re.sub("[^A-Za-z0-9]", "_", f"{self.name(service)}:{path}")
        (self.answers / f"cp_{slug}").write_bytes(content)

    def container(self, **services: dict) -> None:
        """All containers: each service with what differs from a healthy one."""
        rows = []
        for service, differs in services.items():
            rows.append(self._row(service, **differs))
        self.docker(containers="".join(rows), ids="id\n" * len(rows))

    def ill(self, service: str, **differs) -> None:
        """One service is as told; the others are well."""
        self.container(**{name: {} for name in SERVICES} | {service: differs})

    def _row(self, service: str, **differs) -> str:
        ended = service == "migrate"
        known = {
            "state": "exited" if ended else "running",
            "health": "" if ended else "healthy",
            "status": 0,
            "restarts": 0,
            "oom": "false",
            "started": "2026-01-01T10:00:00.123456789Z",
            "image_id": "sha256:1",
            "image": "socle-app:local",
            "error": "",
        } | differs
        words = [service, *(str(word) for word in known.values())]
        words.insert(9, f"/{self.name(service)}")
        return "|".join(words) + "\n"

    def stub(self, name: str, script: str) -> None:
        """Another program that answers in the place of the machine's."""
        path = self.stubs / name
        path.write_text(f"#!/usr/bin/env bash\n{script}\n")
        path.chmod(0o755)

    # --- Asking --------------------------------------------------------------

    def check(self, *arguments: str, **environment: str) -> Report:
        """What the doctor says; every secret is kept, every section exists."""
        before = self.state()
        done = self.run("--check", *arguments, **environment)
        assert done.returncode in (0, 1), f"{done.stdout}\n{done.stderr}"
        assert done.stderr == "", done.stderr
        assert "stumbled" not in done.stdout, done.stdout
        assert SECRET not in done.stdout + self.calls
        assert self.state() == before, "the doctor changes nothing"
        report = read(done.stdout, done.returncode)
        assert bool(report.of("problem")) == (report.status == 1), report.text
        for line in report.lines:
            assert not line.section or line.section in headings(), line.section
            assert line.kind == "ok" or line.todo, line.says
        return report

    def run(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess:
        defaults = {
            "PATH": f"{self.stubs}:{os.environ['PATH']}",
            "HOME": str(self.root),
            "NEEDED_MB": "1",
            "DOCTOR_LEAST_MB": "1",
        }
        return subprocess.run(
            ["bash", self.root / "install_docker.sh", *arguments],
            env=defaults | environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
        )

    @property
    def calls(self) -> str:
        notes = self.answers / "calls"
        return notes.read_text() if notes.exists() else ""

    def state(self) -> dict[str, tuple[int, bytes]]:
        return picture(self.root)


def headings() -> set[str]:
    text = (REPOSITORY / "docs" / "troubleshooting.md").read_text()
    return set(re.findall(r"^### (.+)$", text, re.MULTILINE))
