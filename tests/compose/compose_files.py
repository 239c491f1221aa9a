"""The compose files as Compose itself reads them. Needs its client, and no engine."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
STAGES = {"local": "docker-compose.yml", "dev": "dev.yml", "prod": "prod.yml"}
MONITORING = "deploy/monitoring/services.yml"
COMPOSE_FILES = ("services.yml", *STAGES.values(), MONITORING)
GENERATED = (
    "SECRET_KEY",
    "MEDIA_LINK_KEY",
    "POSTGRES_PASSWORD",
    "POSTGRES_SITE_PASSWORD",
    "REDIS_PASSWORD",
    "APP_UID",
    "APP_GID",
)
SECRETS = ("secret_key", "postgres_password", "redis_password", "media_link_key")
SECRETS += ("email_url", "backup_encryption_key", "aws_secret_access_key")
SECRETS += ("dev_password", "grafana_password", "postgres_site_password")
NAME_AND_VALUE = re.compile(r"^([A-Z][A-Z0-9_]*)=(.*)$", re.MULTILINE)


def compose_is_here() -> bool:
    if shutil.which("docker") is None:
        return False
    return docker("compose", "version", folder=REPOSITORY).returncode == 0


def docker(*arguments: str, folder: Path) -> subprocess.CompletedProcess:
    """Without the caller's environment: Compose prefers it to .env."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return subprocess.run(
        ["docker", *arguments],
        cwd=folder,
        env=kept,
        capture_output=True,
        text=True,
        timeout=180,
    )


def example_values() -> dict[str, str]:
    return dict(NAME_AND_VALUE.findall((REPOSITORY / ".env.example").read_text()))


def complete_values(stage: str = "local") -> dict[str, str]:
    """As ./install_docker.sh fills them; a secret can be told by its value."""
    if stage != "local":  # there they are files
        return example_values() | {"APP_UID": "1234", "APP_GID": "1234"}
    made = {name: f"generated{name.replace('_', '')}" for name in GENERATED}
    return example_values() | made | {"APP_UID": "1234", "APP_GID": "1234"}


def write_project(folder: Path, values: dict[str, str] | None) -> None:
    for name in COMPOSE_FILES:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(REPOSITORY / name, folder / name)
    (folder / "secrets/values").mkdir(parents=True, exist_ok=True)
    for name in SECRETS:
        (folder / "secrets/values" / name).touch()
    if values is not None:
        lines = (f"{name}={value}\n" for name, value in values.items())
        (folder / ".env").write_text("".join(lines))


def config(folder: Path, stage: str) -> subprocess.CompletedProcess:
    arguments = ("compose", "-f", STAGES[stage], "--profile", "monitoring")
    arguments += ("config", "--format", "json")
    return docker(*arguments, folder=folder)


def resolved(folder: Path, stage: str) -> dict:
    done = config(folder, stage)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
