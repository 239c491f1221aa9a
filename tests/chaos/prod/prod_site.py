"""PROD as ./install_docker.sh makes it, with a bucket, and a small disk for media."""

import json
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import disk as disks
from bucket import KEY, SECRET, Bucket, docker
from clone import free_ports, make_clone
from disk import Disk
from installation import BY_PROJECT, alone, remove_leftovers, take_down
from progress import say, timed
from stack import Stack
from waiting import wait_until

PROJECT = "soclechaos"
# What starts and stays; `migrate` ends.
SERVICES = ("postgres", "redis", "web", "worker", "flower", "cron", "nginx", "certbot")
# A machine that is busy with other tests as well times health checks out.
ATTEMPTS = 3
WELL = "running, healthy"
SERVICE = "com.docker.compose.service"


@dataclass(frozen=True)
class Site:
    stack: Stack
    bucket: Bucket
    has_small_disk: bool

    def unhealthy(self) -> dict[str, str]:
        """State and health of each service that does not run well."""
        states = dict.fromkeys(SERVICES, "has no container")
        for name, container in self.containers().items():
            state = container["State"]
            health = state.get("Health", {}).get("Status", "healthy")
            states[name] = f"{state['Status']}, {health}"
        return {name: words for name, words in states.items() if words != WELL}

    def containers(self) -> dict[str, dict]:
        """What the engine knows of each: two questions for all of them."""
        label = f"{BY_PROJECT}{self.stack.project}-prod"
        ids = docker("ps", "--all", "--quiet", "--filter", label).split()
        found = json.loads(docker("inspect", *ids))
        by_name = {one["Config"]["Labels"][SERVICE]: one for one in found}
        return {name: by_name[name] for name in SERVICES if name in by_name}

    def wait_until_healthy(self, *, within: float = 180) -> None:
        def healthy():
            bad = self.unhealthy()
            assert not bad, f"not healthy: {bad}"
            return True

        wait_until(healthy, within=within, what="every service is healthy", pause=1)

    def restarts(self) -> dict[str, tuple[int, str]]:
        """How often the engine has started each anew, and when it was last."""
        return {
            name: (found["RestartCount"], found["State"]["StartedAt"])
            for name, found in self.containers().items()
        }


@contextmanager
def prod_site() -> Iterator[Site]:
    """Whatever happens, nothing of it is left afterwards."""
    with alone(PROJECT), ExitStack() as ending:
        remove_leftovers(PROJECT)
        folder = timed("copy of the project", make_clone, PROJECT)
        small = Disk(PROJECT, Path(tempfile.mkdtemp(dir=folder.parent)))
        http_port, https_port, storage_port = free_ports(3)
        bucket = Bucket(PROJECT, storage_port)
        url = f"https://localhost:{https_port}"
        stack = Stack(PROJECT, folder, url, "prod.yml")
        ending.callback(small.remove)  # last: the volume holds it
        ending.callback(timed, "docker compose down", take_down, stack)
        if disks.can_be_made():
            small.create()
        bucket.create()
        install(stack, bucket, HTTP_PORT=str(http_port), HTTPS_PORT=str(https_port))
        site = Site(stack, bucket, has_small_disk=disks.can_be_made())
        timed("all services healthy", site.wait_until_healthy)
        yield site


def running_site(folder: Path) -> Site:
    """One that was started before, and still runs."""
    lines = (folder / ".env").read_text().splitlines()
    values = dict(line.split("=", 1) for line in lines if "=" in line)
    port = int(values["AWS_ENDPOINT_URL_S3"].rpartition(":")[2])
    stack = Stack(PROJECT, folder, values["SITE_URL"], "prod.yml")
    return Site(stack, Bucket(PROJECT, port), has_small_disk=disks.can_be_made())


def install(stack: Stack, bucket: Bucket, **ports: str) -> None:
    """Unattended, for a name that no certificate authority knows: certbot waits."""
    example = stack.folder / ".env.example"
    text = example.read_text()
    for name, value in {
        "AWS_ACCESS_KEY_ID": KEY,
        "AWS_ENDPOINT_URL_S3": bucket.endpoint,
    }.items():
        assert f"\n{name}=\n" in text
        text = text.replace(f"\n{name}=\n", f"\n{name}={value}\n")
    example.write_text(text)
    options = ["--domain", "localhost", "--email", "admin@example.com"]
    options += ["--bucket", bucket.url]
    given = {"PROJECT_NAME": PROJECT, "AWS_SECRET_ACCESS_KEY": SECRET} | ports
    given["HEALTHY_WITHIN_SECONDS"] = "600"
    command = ["./install_docker.sh", "prod", *options]
    title = "./install_docker.sh prod"
    for more in reversed(range(ATTEMPTS)):
        patience = {"timeout": 900, "check": not more}
        done = timed(title, stack.run, *command, **given, **patience)
        if done.returncode == 0:
            break
    say(done.stderr)
