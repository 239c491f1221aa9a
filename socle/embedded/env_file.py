"""The file .local/env: settings of the local stack, in the terms of .env.example."""

import os
import secrets
from collections.abc import Mapping
from pathlib import Path

from socle.embedded.exceptions import LocalError

HEADER = """\
# Written by ./install_local.sh, which keeps what you change and adds what is missing.
# .env.example explains each variable. After a change run ./install_local.sh again.
"""
PORTS = {"WEB_PORT": 8000, "FLOWER_PORT": 5555, "STORAGE_PORT": 4443}


def read_env(path: Path) -> dict[str, str]:
    """NAME=value, one a line; nothing is quoted or expanded."""
    if not path.exists():
        return {}
    lines = path.read_text().splitlines()
    pairs = (line.split("=", 1) for line in lines if "=" in line and line[0] != "#")
    return {name.strip(): value.strip() for name, value in pairs}


def write_env(path: Path, values: Mapping[str, str]) -> None:
    """Put `values` in, each in its line; every other line stays as it is."""
    missing = dict(values)
    lines = path.read_text().splitlines() if path.exists() else HEADER.splitlines()
    for number, line in enumerate(lines):
        name = line.split("=", 1)[0].strip()
        if "=" in line and name in missing:
            lines[number] = f"{name}={missing.pop(name)}"
    lines += [f"{name}={value}" for name, value in missing.items()]
    text = "\n".join(lines) + "\n"
    if path.exists() and path.read_text() == text:
        path.chmod(0o600)
        return
    changed = path.with_name(f"{path.name}.new")
    changed.touch(mode=0o600)
    changed.write_text(text)
    changed.replace(path)


def chosen_ports(env: Mapping[str, str], wanted: Mapping[str, int]) -> dict[str, int]:
    """
    From the command line, else as last time, else the default.

    Raises LocalError when the file has something else than a number.
    """
    for name in PORTS:
        if not wanted.get(name) and not (env.get(name) or "0").isdecimal():
            raise LocalError(
                f"{name} in .local/env is {env[name]!r}; it is a port. Correct it."
            )
    return {
        name: wanted.get(name) or int(env.get(name) or default)
        for name, default in PORTS.items()
    }


def first_values() -> dict[str, str]:
    """What is written once, and then is the user's to change."""
    return {
        "PROJECT_NAME": "socle",
        "SITE_NAME": "Socle",
        "ENVIRONMENT": "local",
        "ALLOWED_HOSTS": "localhost,127.0.0.1",
        "TIME_ZONE": "UTC",
        "SECRET_KEY": secrets.token_hex(32),
        "ADMIN_EMAIL": "admin@example.com",
        "POSTGRES_DB": "socle",
        "POSTGRES_USER": "socle",
        "POSTGRES_PASSWORD": secrets.token_hex(20),
        "POSTGRES_SITE_USER": "socle_site",
        "POSTGRES_SITE_PASSWORD": secrets.token_hex(20),
        "MEDIA_LINK_KEY": secrets.token_hex(20),
        "UPLOAD_LIMIT_MB": "100",
        "UPLOAD_ZIP_LIMIT_MB": "4096",
        "PHOTO_LIMIT_MEGAPIXELS": "64",
        "BACKUP_STORAGE_URL": "gs://socle-backups",
        "GOOGLE_APPLICATION_CREDENTIALS": "",
        "WEB_HOST": "127.0.0.1",
        "WEB_WORKERS": "2",
        "WEB_THREADS": "4",
        "WEB_RELOAD": "0",
        "WORKER_CONCURRENCY": "2",
        "MEDIA_BY_NGINX": "0",
        "FLOWER_BASIC_AUTH": f"flower:{secrets.token_hex(10)}",
    }


def program_environment(values: Mapping[str, str], *, local: Path) -> dict[str, str]:
    """
    The environment of every program. The file wins over the caller's shell.

    SOCLE_STACK marks the processes of this stack, so that they can be found.
    """
    inherited = {
        name: value
        for name, value in os.environ.items()
        if name.removesuffix("_FILE") not in values
    }
    own = {"SOCLE_STACK": str(local), "PYTHONUNBUFFERED": "1"}
    return inherited | dict(values) | own
