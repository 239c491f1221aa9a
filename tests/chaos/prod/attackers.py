"""Containers beside the site that attack it, each from an address of its own."""

import json
import subprocess
from pathlib import Path
from urllib.parse import urlsplit

from bucket import docker
from installation import BY_PROJECT
from prod_site import Site

FOLDER = Path(__file__).with_name("attacker")
LONGEST_SECONDS = 320


class Attackers:
    def __init__(self, site: Site):
        self._project = site.stack.project
        self._image = f"{self._project}-attacker"
        networks = site.stack.container("nginx")["NetworkSettings"]["Networks"]
        ((self._network, found),) = networks.items()
        self.address = found["IPAddress"]
        self.host = urlsplit(site.stack.url).netloc

    def build(self) -> None:
        docker("build", "--quiet", "--tag", self._image, str(FOLDER), timeout=300)

    def copy_out(self, path: str, *, to: Path) -> None:
        """A file of the image."""
        name = docker("create", self._image)
        try:
            docker("cp", f"{name}:{path}", str(to))
        finally:
            docker("rm", name)

    def start(self, *command: str) -> "Attack":
        label = BY_PROJECT.removeprefix("label=") + self._project
        options = ["--rm", "--label", label, "--network", self._network]
        return Attack(["docker", "run", *options, self._image, *command])

    def slow_clients(self, *, seconds: int) -> "Attack":
        """50 of them, from one address."""
        program = ["python", "/attacks/slow.py"]
        return self.start(*program, self.address, self.host, str(seconds))

    def flood(self, *, seconds: int) -> "Attack":
        wrk = ["wrk", "--threads", "2", "--connections", "200", "--timeout", "20s"]
        options = ["--duration", f"{seconds}s", "--script", "/attacks/flood.lua"]
        host = ["--header", f"Host: {self.host}"]
        return self.start(*wrk, *options, *host, f"https://{self.address}:8443/")

    def guesses(self, email: str, count: int) -> "Attack":
        program = ["python", "/attacks/guess.py"]
        return self.start(*program, self.address, self.host, email, str(count))


class Attack:
    """Goes on by itself; `result` waits for its end."""

    def __init__(self, command: list[str]):
        self._process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    def result(self) -> dict[str, float]:
        """What its last line says."""
        output, errors = self._process.communicate(timeout=LONGEST_SECONDS)
        assert self._process.returncode == 0, f"{output[-500:]}{errors[-500:]}"
        return json.loads(output.splitlines()[-1])
