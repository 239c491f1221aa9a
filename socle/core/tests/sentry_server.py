"""A stand-in for Sentry: takes envelopes, and shows what was in them."""

import gzip
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import brotli
from sentry_sdk.envelope import Envelope

UNPACK = {None: bytes, "gzip": gzip.decompress, "br": brotli.decompress}


def received(request: BaseHTTPRequestHandler) -> bytes:
    """Its body, as it was before Sentry's SDK compressed it."""
    body = request.rfile.read(int(request.headers["Content-Length"]))
    return UNPACK[request.headers["Content-Encoding"]](body)


class SentryServer:
    def __init__(self, port: int, bodies: list[bytes]):
        self.dsn = f"http://key@127.0.0.1:{port}/1"
        self._bodies = bodies

    def items(self, kind: str) -> list[dict]:
        """The payloads of one kind: `event`, `transaction` or `check_in`."""
        envelopes = [Envelope.deserialize(body) for body in self._bodies]
        return [
            item.payload.json
            for envelope in envelopes
            for item in envelope.items
            if item.type == kind
        ]

    def everything(self) -> str:
        return b"\n".join(self._bodies).decode()


@contextmanager
def running_sentry() -> Iterator[SentryServer]:
    bodies: list[bytes] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = received(self)
            assert self.path == "/api/1/envelope/"
            bodies.append(body)
            self.send_response(200)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *_words):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield SentryServer(server.server_port, bodies)
    finally:
        server.shutdown()
        server.server_close()
