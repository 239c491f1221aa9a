"""Where the site's backups go: a storage server that can be stopped."""

import subprocess
import time

from installation import BY_PROJECT

IMAGE = "rclone/rclone:1.71"
KEY, SECRET = "chaos-key", "chaos-secret"  # of a server that lives for minutes
NAME = "socle-backups"


def docker(*arguments: str, timeout: float = 120, check: bool = True) -> str:
    done = subprocess.run(
        ["docker", *arguments], capture_output=True, text=True, timeout=timeout
    )
    assert done.returncode == 0 or not check, (
        f"docker {' '.join(arguments)}: {done.stderr}"
    )
    return done.stdout.strip()


class Bucket:
    """Speaks S3, at the address by which containers see this machine."""

    def __init__(self, project: str, port: int):
        self._name = f"{project}-storage"
        self._label = BY_PROJECT.removeprefix("label=") + project
        template = "{{(index .IPAM.Config 0).Gateway}}"
        gateway = docker("network", "inspect", "bridge", "--format", template)
        self.address = f"{gateway}:{port}"
        self.endpoint = f"http://{self.address}"
        self.url = f"s3://{NAME}/site"

    def create(self) -> None:
        serve = (
            f"mkdir -p /data/{NAME} && exec rclone serve s3 --addr :9000 "
            f"--auth-key {KEY},{SECRET} /data"
        )
        command = ["run", "--detach", "--name", self._name, "--label", self._label]
        command += [
            "--publish",
            f"{self.address}:9000",
            "--volume",
            f"{self._name}:/data",
        ]
        docker("volume", "create", "--label", self._label, self._name)
        docker(*command, "--entrypoint", "sh", IMAGE, "-c", serve)

    def stop(self) -> None:
        docker("stop", "--time", "1", self._name)

    def start(self) -> None:
        docker("start", self._name)
        time.sleep(1)
