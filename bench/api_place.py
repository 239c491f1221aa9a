"""The site behind its own nginx, the peer behind the same one, and who asks them."""

import http.client
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from socle.embedded.nginx import Nginx
from socle.embedded.probes import is_port_free, wait_until
from socle.embedded.process_wrappers import tied
from socle.embedded.testing import free_port, running, running_services

BENCH = Path(__file__).resolve().parent
PEER_SERVER = """
server {{
    listen 127.0.0.1:{peer_port};
    location /plain/ {{ alias {media}/; }}
    location / {{
        proxy_set_header Host $http_host;
        proxy_pass http://127.0.0.1:{peer_web_port};
    }}
}}
"""


@dataclass(frozen=True)
class Place:
    ours: str
    peer: str
    environment: dict[str, str]


@contextmanager
def place(folder: Path) -> Iterator[Place]:
    """Everything runs inside the block: our gunicorn as in PROD, the peer's with 4."""
    with ExitStack() as stack:
        services = stack.enter_context(running_services(folder))
        port, web_port, peer_port, peer_web_port = (free_port() for _ in range(4))
        environment = os.environ | services
        environment |= {
            "ENVIRONMENT": "dev",
            "SITE_URL": f"http://127.0.0.1:{port}",
            "MEDIA_BY_NGINX": "1",
            "MEDIA_LINK_KEY": "bench",
            "WEB_HOST": "127.0.0.1",
            "WEB_PORT": str(web_port),
            "WEB_RELOAD": "0",
            "DJANGO_SETTINGS_MODULE": "config.settings",
        }
        os.environ.update(environment)
        media = Path(environment["MEDIA_ROOT"])
        nginx = Nginx(
            folder=folder / "nginx",
            port=port,
            web_port=web_port,
            media=media,
            environment=environment,
        )
        nginx.prepare()
        (nginx.folder / "conf.d" / "peer.conf").write_text(
            PEER_SERVER.format(
                peer_port=peer_port, peer_web_port=peer_web_port, media=media
            )
        )
        manage("migrate_site", environment=environment)
        gunicorn = str(Path(sys.executable).with_name("gunicorn"))
        ours = [gunicorn, "-c", "config/gunicorn.conf.py", "config.wsgi"]
        peers = [gunicorn, "django.core.wsgi:get_wsgi_application()", "--workers=4"]
        peers += [f"--bind=127.0.0.1:{peer_web_port}", "--no-control-socket"]
        as_peer = environment | {
            "DJANGO_SETTINGS_MODULE": "api_peer",
            "PYTHONPATH": f"{BENCH}:{BENCH.parent / 'web'}",
        }
        stack.enter_context(started(ours, environment, port=web_port))
        stack.enter_context(started(peers, as_peer, port=peer_web_port))
        stack.enter_context(running(nginx, "nginx", log=folder / "nginx.log"))
        yield Place(
            f"http://127.0.0.1:{port}", f"http://127.0.0.1:{peer_port}", environment
        )


def manage(*arguments: str, environment: dict[str, str]) -> None:
    subprocess.run(
        [sys.executable, "manage.py", *arguments],
        env=environment,
        check=True,
        stdout=subprocess.DEVNULL,
    )


@contextmanager
def started(
    command: list[str], environment: dict[str, str], *, port: int
) -> Iterator[None]:
    process = subprocess.Popen(
        tied(command), env=environment, start_new_session=True, stdin=subprocess.DEVNULL
    )
    try:
        wait_until(
            lambda: not is_port_free(port),
            name=command[1],
            timeout_seconds=60,
            has_ended=lambda: "" if process.poll() is None else "it ended",
        )
        yield
    finally:
        process.terminate()
        process.wait(timeout=60)


class Client:
    """One connection that is kept open, and the headers of somebody signed in."""

    def __init__(self, site: str, headers: dict[str, str]):
        self._connection = http.client.HTTPConnection(urlsplit(site).netloc)
        self._headers = headers

    def get(self, address: str) -> tuple[float, bytes]:
        """Seconds until the whole answer was there, and the answer."""
        began = time.perf_counter()
        self._connection.request("GET", address, headers=self._headers)
        response = self._connection.getresponse()
        body = response.read()
        seconds = time.perf_counter() - began
        if response.status != 200:
            raise RuntimeError(f"{address}: {response.status} {body[:300]!r}")
        return seconds, body

    def json(self, address: str) -> dict:
        return json.loads(self.get(address)[1])


def requests_a_second(url: str, headers: dict[str, str], *, seconds: int) -> float:
    """What wrk gets answered over 16 connections. Raises RuntimeError for errors."""
    asking = ["wrk", "--threads=1", "--connections=16", f"--duration={seconds}s"]
    asking += ["--timeout=30s", url]  # slow is slow, not an error
    for name, value in headers.items():
        asking += ["--header", f"{name}: {value}"]
    said = subprocess.run(asking, check=True, capture_output=True, text=True).stdout
    if "Non-2xx" in said or "Socket errors" in said:
        raise RuntimeError(f"{url}\n{said}")
    return float(re.search(r"Requests/sec:\s+([\d.]+)", said)[1])
