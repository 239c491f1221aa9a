"""The site's nginx before a site that only says what it was asked."""

import http.client
import json
import shutil
import ssl
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from socle.embedded.nginx import Nginx
from socle.embedded.testing import free_port, running

HTTPS = {
    "ENVIRONMENT": "prod",
    "NGINX_SCHEME": "https",
    "SITE_URL": "https://site.example",
    "ALLOWED_HOSTS": "site.example,www.site.example",
}
FLOWERS_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Headers": "authorization",
    "Access-Control-Allow-Methods": "POST",
}
PROXIED = HTTPS | {"NGINX_SCHEME": "http", "BEHIND_PROXY": "1"}


@dataclass
class Site:
    """Answers everything with what it got. `holds` keeps /slow/ waiting."""

    holds: threading.Event = field(default_factory=threading.Event)
    waiting: int = 0
    asked_gate: list[tuple[str, str]] = field(default_factory=list)

    def answer(self, handler: BaseHTTPRequestHandler) -> tuple[int, dict[str, str]]:
        if handler.path.startswith("/slow/"):
            self.waiting += 1
            self.holds.wait(20)
        if handler.path == "/auth/staff":
            return self.staff_gate(handler), {}
        if handler.path.startswith("/static/"):
            kept = "max-age=31536000, immutable"
            return 200, {"Cache-Control": kept, "Vary": "Accept-Encoding"}
        if handler.path.startswith("/flower/"):
            return 200, FLOWERS_HEADERS
        return 200, {"X-Frame-Options": "DENY"}

    def staff_gate(self, handler: BaseHTTPRequestHandler) -> int:
        """An operator, unless the cookie says something else: reads, never acts."""
        names = ("X-Original-Method", "X-Original-Path")
        self.asked_gate.append(tuple(handler.headers.get(name, "") for name in names))
        if "nobody" in handler.headers.get("Cookie", ""):
            return 401
        return 204 if handler.headers["X-Original-Method"] == "GET" else 403


def handler_for(site: Site) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            length = int(self.headers.get("Content-Length", "0"))
            self.rfile.read(length)
            status, headers = site.answer(self)
            names = [name for name, _ in self.headers.items()]
            assert len(names) == len(set(names)), f"sent twice: {names}"
            asked = {"path": self.path, "headers": dict(self.headers)}
            self.send_response(status)
            body = b"" if status == 204 else json.dumps(asked).encode()
            for name, value in (headers | {"Content-Length": str(len(body))}).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_PATCH = do_GET

        def log_message(self, *_):
            pass

    return Handler


@dataclass(frozen=True)
class Answer:
    status: int
    headers: http.client.HTTPMessage
    content: bytes

    @property
    def asked(self) -> dict:
        """What the site got."""
        return json.loads(self.content)


@dataclass(frozen=True)
class Edge:
    nginx: Nginx
    site: Site

    def ask(self, path="/", *, method="GET", host="site.example", **options) -> Answer:
        """Raises RemoteDisconnected or such when nginx hangs up."""
        port = options.pop("port", None)
        tls = options.pop("tls", self.nginx.edge.get("NGINX_SCHEME") == "https")
        connection = self.connection(tls=tls, port=port)
        try:
            headers = {"Host": host, **options.pop("headers", {})}
            connection.request(method, path, headers=headers, **options)
            answer = connection.getresponse()
            return Answer(answer.status, answer.headers, answer.read())
        finally:
            connection.close()

    def connection(
        self, *, tls: bool, port: int | None = None
    ) -> http.client.HTTPConnection:
        if not tls:
            port = port or self.nginx.port
            return http.client.HTTPConnection("127.0.0.1", port, timeout=15)
        context = ssl._create_unverified_context()
        port = self.nginx.tls_port
        return http.client.HTTPSConnection(
            "127.0.0.1", port, timeout=15, context=context
        )

    def line_of(self, answer: Answer) -> dict:
        """The line of `answer` in the log, where its lines are JSON."""
        name = answer.headers["X-Request-ID"]
        return json.loads(self.line_with(f'"{name}"'))

    def line_with(self, part: str) -> str:
        """The newest line of the log with `part`; it comes just after the answer."""
        log = self.nginx.folder / "access.log"
        deadline = time.monotonic() + 10
        while True:
            whole = log.read_text().rpartition("\n")[0].splitlines()
            for line in reversed(whole):
                if part in line:
                    return line
            assert time.monotonic() < deadline, f"no line with {part} in {whole[-3:]}"
            time.sleep(0.05)


@contextmanager
def edge_of(*, locations: Path | None = None, **environment: str) -> Iterator[Edge]:
    """A short path: the name of a socket may have 107 characters."""
    folder = Path(tempfile.mkdtemp(prefix="edge-"))
    folder.chmod(0o755)
    site = Site()
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler_for(site))
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    nginx = nginx_in(folder, web_port=server.server_port, edge=environment)
    if locations:
        nginx = replace(nginx, locations=locations)
    try:
        with running(nginx, "nginx", log=folder / "output.log"):
            yield Edge(nginx, site)
    finally:
        site.holds.set()
        server.shutdown()
        server.server_close()
        shutil.rmtree(folder)


def nginx_in(folder: Path, *, web_port: int, edge: dict[str, str]) -> Nginx:
    return Nginx(
        folder=folder,
        port=free_port(),
        tls_port=free_port(),
        metrics_port=free_port(),
        web_port=web_port,
        flower_port=web_port,
        media=folder / "media",
        environment={"MEDIA_LINK_KEY": "key"},
        edge=edge,
    )
