"""A copy of the project to install for real, with the rights of an ordinary user."""

import os
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
# Whom the copy belongs to where the suite runs as root: install_docker.sh must not
# depend on root's rights, and what containers write must not belong to root.
ORDINARY_UID = 1000


def make_clone(name: str) -> Path:
    """What git knows and what is new, below a folder that others may enter."""
    parent = Path(tempfile.mkdtemp(prefix=f"{name}-"))
    parent.chmod(0o755)
    folder = parent / "site"
    listed = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    names = subprocess.run(listed, cwd=REPOSITORY, capture_output=True, check=True)
    for name in os.fsdecode(names.stdout).split("\0"):
        source = REPOSITORY / name
        if name and source.is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, folder / name)
    (parent / "home").mkdir()
    if os.geteuid() == 0:
        own(parent)
    return folder


def own(path: Path) -> None:
    """Give `path`, and all below it, to the user of the copy."""
    for each in (path, *path.rglob("*")):
        os.chown(each, owner(), owner(), follow_symlinks=False)


def owner() -> int:
    return os.geteuid() or ORDINARY_UID


def as_owner() -> list[str]:
    """What to put before a command so that the copy's user runs it."""
    if os.geteuid() != 0:
        return []
    user = [f"--reuid={owner()}", f"--regid={owner()}"]
    socket_of_docker = Path("/var/run/docker.sock")
    groups = str(socket_of_docker.stat().st_gid) if socket_of_docker.exists() else "0"
    return ["setpriv", *user, f"--groups={groups}", "--"]


def free_ports(count: int) -> list[int]:
    """
    Below the range of outgoing connections; different runs start elsewhere, with room
    between those that began one after the other.
    """
    found: list[int] = []
    port = 26_000 + os.getpid() * 16 % 5_000
    while len(found) < count:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) != 0:
                found.append(port)
        port += 1
    return found
