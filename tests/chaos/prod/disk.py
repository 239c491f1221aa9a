"""The disk of the volume `media`: a small one of its own, which a test can fill."""

import os
import shutil
import subprocess
from pathlib import Path

from bucket import docker
from installation import BY_PROJECT

SIZE_MB = 1500
APP_UID = 1000  # of the user `app` in the image


def run(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, f"{' '.join(command)}: {done.stderr}"
    return done.stdout.strip()


def can_be_made() -> bool:
    """Loop devices are root's."""
    tools = all(shutil.which(name) for name in ("losetup", "mkfs.ext4"))
    return os.geteuid() == 0 and tools and Path("/dev/loop-control").exists()


class Disk:
    """A file with ext4 in it, and the volume that Compose finds in place of its own."""

    def __init__(self, project: str, folder: Path):
        self._project = f"{project}-prod"
        self._file = folder / "media.img"
        self._device = ""

    def create(self) -> None:
        with self._file.open("wb") as file:
            file.truncate(SIZE_MB << 20)
        owner = f"root_owner={APP_UID}:{APP_UID}"
        run("mkfs.ext4", "-q", "-m", "0", "-E", owner, str(self._file))
        self._device = run("losetup", "--find", "--show", str(self._file))
        labels = [
            BY_PROJECT.removeprefix("label=") + self._project,
            "com.docker.compose.volume=media",
        ]
        named = [word for label in labels for word in ("--label", label)]
        options = ["--opt", "type=ext4", "--opt", f"device={self._device}"]
        name = f"{self._project}_media"
        docker("volume", "create", "--driver", "local", *options, *named, name)

    def remove(self) -> None:
        """After the volume is gone; the file goes with its folder."""
        if self._device:
            subprocess.run(
                ["losetup", "--detach", self._device], capture_output=True, timeout=60
            )
