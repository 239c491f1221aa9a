"""Installing the project by its own script, and leaving nothing of it behind."""

import fcntl
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from clone import free_ports, make_clone
from progress import say, timed
from stack import Stack

BY_PROJECT = "label=com.docker.compose.project="


@contextmanager
def installed(project: str, *, stage: str = "local") -> Iterator[Stack]:
    """The stack in a fresh copy. Whatever happens, nothing of it is left afterwards."""
    with alone(project):
        remove_leftovers(project)
        yield from started(project, stage=stage)


def started(project: str, *, stage: str) -> Iterator[Stack]:
    file = "docker-compose.yml" if stage == "local" else f"{stage}.yml"
    http_port, https_port = free_ports(2)
    url = f"http://localhost:{http_port}"
    if stage != "local":
        url = f"https://localhost:{https_port}"
    folder = timed("copy of the project", make_clone, project)
    stack = Stack(project, folder, url, file)
    first_values = {
        "PROJECT_NAME": project,
        "HTTP_PORT": str(http_port),
        "HTTPS_PORT": str(https_port),
        "SITE_URL": url,
        "ADMIN_EMAIL": "admin@example.com",
    }
    if stage != "local":  # no bucket is here: a folder on a volume takes its place
        first_values["BACKUP_STORAGE_URL"] = "file:///media/backups"
        first_values["ALLOWED_HOSTS"] = "localhost,127.0.0.1,site.example"
    try:
        title = f"./install_docker.sh {stage}"
        say(timed(title, stack.install, stage, **first_values))
        yield stack
    finally:
        timed("docker compose down", take_down, stack)


@contextmanager
def alone(project: str) -> Iterator[None]:
    """A second run at the same time would take the first one's containers away."""
    path = Path(tempfile.gettempdir()) / f"{project}.lock"
    with path.open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise RuntimeError(
                f"Another run of this suite has the project {project} and holds "
                f"{path}. Start again when it has ended."
            ) from None
        yield


def take_down(stack: Stack) -> None:
    if (stack.folder / ".env").exists():
        stack.compose("down", "--volumes", "--remove-orphans", check=False)
    remove_leftovers(stack.project)


def remove_leftovers(project: str) -> None:
    """Of a run that was killed as well: found by label, so no file is needed."""
    for name in (project, f"{project}-dev", f"{project}-prod"):
        label = BY_PROJECT + name
        remove(["rm", "--force", "--volumes"], ["ps", "--all", "--quiet"], label)
        remove(["volume", "rm", "--force"], ["volume", "ls", "--quiet"], label)
        remove(["network", "rm"], ["network", "ls", "--quiet"], label)
    ours = ["image", "ls", "--quiet", "--no-trunc"]
    remove(["image", "rm", "--force"], ours, f"reference={project}-*")
    for folder in Path(tempfile.gettempdir()).glob(f"{project}-????????"):
        shutil.rmtree(folder)


def remove(command: list[str], listing: list[str], filter_: str) -> None:
    listed = subprocess.run(
        ["docker", *listing, "--filter", filter_],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    names = sorted(set(listed.stdout.split()))
    if names:
        subprocess.run(
            ["docker", *command, *names], capture_output=True, check=True, timeout=120
        )
