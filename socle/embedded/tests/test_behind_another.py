"""The server block of docs/https.md in a real nginx, before the site's own one."""

import re
import socket
import ssl
import subprocess
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from socle.embedded.nginx import SOURCES
from socle.embedded.testing import free_port, running
from socle.embedded.tests.edge import PROXIED, Edge, edge_of

PAGE = SOURCES.parent / "docs" / "https.md"
MAIN = """daemon off;
pid {folder}/front.pid;
error_log {folder}/front-error.log;
events {{}}
http {{
    access_log off;
    {temporary}
    {block}
}}
"""
KINDS = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")


@dataclass
class Front:
    """The other server, with the block as the page has it."""

    edge: Edge
    port: int
    plain_port: int

    @property
    def folder(self) -> Path:
        return self.edge.nginx.folder / "front"

    @property
    def command(self) -> list[str]:
        program = self.edge.nginx.command[0]
        return [program, "-p", str(self.folder), "-c", str(self.folder / "nginx.conf")]

    def prepare(self) -> None:
        self.folder.mkdir()
        (block,) = re.findall(r"^```nginx\n(.*?)^```$", PAGE.read_text(), re.M | re.S)
        own = self.edge.nginx.folder / "own"
        for there, here in {
            "listen 443": f"listen 127.0.0.1:{self.port}",
            "listen 80;": f"listen 127.0.0.1:{self.plain_port};",
            "/etc/letsencrypt/live/photos.example.com": str(own),
            "127.0.0.1:8081": f"127.0.0.1:{self.edge.nginx.port}",
            "photos.example.com": "site.example",
        }.items():
            assert there in block, f"docs/https.md has no {there}"
            block = block.replace(there, here)
        temporary = "".join(f"{kind}_temp_path {self.folder}/tmp;" for kind in KINDS)
        main = MAIN.format(folder=self.folder, temporary=temporary, block=block)
        (self.folder / "nginx.conf").write_text(main)

    def is_ready(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0


@pytest.fixture(scope="module")
def front():
    with edge_of(**PROXIED) as edge:
        make_certificate(edge)
        front = Front(edge, free_port(), free_port())
        log = edge.nginx.folder / "front.log"
        with running(front, "the server in front", log=log):
            yield front


def make_certificate(edge: Edge) -> None:
    """The site behind has none: borrow its script, as if it ended TLS."""
    script = SOURCES / "scripts/certificate.sh"
    subprocess.run([script], env=edge.nginx.values(), stdout=subprocess.DEVNULL)


def ask(front: Front, path="/", **options):
    ports = {"tls_port": front.port, "port": front.plain_port}
    through = replace(front.edge.nginx, **ports)
    return Edge(through, front.edge.site).ask(path, **{"tls": True, **options})


def test_the_site_knows_who_asks_and_that_it_was_by_https(front):
    answer = ask(front, "/galleries/?a=b")

    got = answer.asked["headers"]
    assert answer.asked["path"] == "/galleries/?a=b"
    assert got["Host"] == "site.example"
    assert got["X-Forwarded-Proto"] == "https"
    assert got["X-Forwarded-For"] == "127.0.0.1"
    assert got["X-Request-ID"] == answer.headers["X-Request-ID"]
    assert answer.headers.get_all("Strict-Transport-Security") == ["max-age=31536000"]


def test_a_client_in_front_of_both_is_believed_nothing(front):
    claims = {"X-Forwarded-For": "203.0.113.7", "X-Request-ID": "chosen-by-a-client"}

    got = ask(front, headers=claims).asked["headers"]

    assert got["X-Forwarded-For"] == "127.0.0.1"
    assert got["X-Request-ID"] != "chosen-by-a-client"


def test_plain_http_leads_to_https(front):
    answer = ask(front, "/a/", tls=False)

    assert (answer.status, answer.headers["Location"]) == (
        301,
        "https://site.example/a/",
    )


def test_browsers_speak_http2_with_it(front):
    context = ssl._create_unverified_context()
    context.set_alpn_protocols(["h2"])
    line = socket.create_connection(("127.0.0.1", front.port))
    with context.wrap_socket(line, server_hostname="site.example") as tls:
        assert tls.selected_alpn_protocol() == "h2"
