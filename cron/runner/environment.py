"""What a task knows: the environment of the stack, as the entrypoint has kept it."""

import os
import pwd
from pathlib import Path

OWN = ("CRON_FOLDER", "CRON_TASKS", "CRON_TABLE", "CRON_WORKDIR", "STARTED_BY")
USER = "CRON_USER"  # empty without Docker: tasks run as whoever runs the site


def become_app() -> None:
    """By hand it is root's shell that asks. No task runs as root."""
    name = os.environ.get(USER, "app")
    if os.geteuid() != 0 or not name:
        return
    user = pwd.getpwnam(name)
    os.setgroups([])
    os.setgid(user.pw_gid)
    os.setuid(user.pw_uid)
    os.environ.update(HOME=user.pw_dir, USER=user.pw_name, LOGNAME=user.pw_name)


def read_environment(path: Path) -> dict[str, str]:
    """
    As `env --null` has written it, over what this process has. Raises OSError where it
    is missing: a task without the stack's environment would work on nothing.
    """
    kept = dict(
        entry.split("=", 1)
        for entry in path.read_bytes().decode(errors="surrogateescape").split("\0")
        if "=" in entry
    )
    own = {name: os.environ[name] for name in OWN if name in os.environ}
    return {**os.environ, **kept, **own}


def value(variables: dict[str, str], name: str) -> str:
    """Of NAME, or of the file that NAME_FILE names; "" without either."""
    if variables.get(name):
        return variables[name].strip()
    path = variables.get(f"{name}_FILE")
    try:
        return Path(path).read_text().strip() if path else ""
    except OSError:
        return ""
