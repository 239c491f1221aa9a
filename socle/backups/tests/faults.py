"""A server between a store and the real one, that fails when it is told to."""

import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

ALWAYS = 1_000_000


@dataclass
class Request:
    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Answer:
    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    cut_at: int | None = None
    """How many bytes of the body are sent before the connection is cut."""


Forward = Callable[[Request], Answer]
Fault = Callable[[Request, Forward], Answer | None]
"""None: the connection is cut without an answer."""


def answered(status: int, body: bytes = b"{}", **headers: str) -> Fault:
    """The request never reaches the store."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda request, forward: Answer(status, named, body)


def cut(request: Request, forward: Forward) -> None:
    """The connection ends before the store has heard of it."""


def lost(request: Request, forward: Forward) -> None:
    """The store does it; its answer is lost."""
    forward(request)


def truncated(request: Request, forward: Forward) -> Answer:
    answer = forward(request)
    answer.cut_at = len(answer.body) // 2
    return answer


def flipped(request: Request, forward: Forward) -> Answer:
    """One bit in the middle of the body is another; the length is right."""
    answer = forward(request)
    middle = len(answer.body) // 2
    changed = bytes([answer.body[middle] ^ 1])
    answer.body = answer.body[:middle] + changed + answer.body[middle + 1 :]
    return answer


def replaced(old: bytes, new: bytes) -> Fault:
    """In the body and in the headers of the answer."""

    def fault(request: Request, forward: Forward) -> Answer:
        answer = forward(request)
        answer.body = answer.body.replace(old, new)
        for name, value in answer.headers.items():
            answer.headers[name] = value.replace(old.decode(), new.decode())
        return answer

    return fault


class Mended:
    """
    The emulator, which takes the question how far an upload has come for its end, and
    keeps whatever comes without a look at where it belongs. Google does neither.
    """

    def __init__(self, forward: Forward):
        self._forward = forward
        self._kept: dict[str, int] = {}
        self._done: dict[str, Answer] = {}

    def __call__(self, request: Request) -> Answer:
        said = request.headers.get("Content-Range", "")
        if request.method != "PUT" or not said:
            return self._forward(request)
        if request.path in self._done:
            return self._done[request.path]
        kept = self._kept.get(request.path, 0)
        if said == "bytes */*":
            return self._incomplete(kept)
        first = re.match(r"bytes (\d+)-", said)
        assert not first or int(first[1]) == kept, f"{said} after {kept}"
        answer = self._forward(request)
        self._kept[request.path] = kept + len(request.body)
        if answer.status == 200:
            self._done[request.path] = answer
        return answer

    def _incomplete(self, kept: int) -> Answer:
        return Answer(308, {"Range": f"bytes=0-{kept - 1}"} if kept else {})


def half(request: Request, forward: Forward) -> Answer:
    """Of a piece, only the first 256 KiB are kept, and the answer says so."""
    start = int(request.headers["Content-Range"].split()[1].split("-")[0])
    kept = request.body[: 256 << 10]
    request.headers["Content-Range"] = f"bytes {start}-{start + len(kept) - 1}/*"
    request.headers["Content-Length"] = str(len(kept))
    request.body = kept
    return forward(request)


def hanging(*, until: threading.Event) -> Fault:
    """No answer, and the connection stays open."""

    def fault(request: Request, forward: Forward) -> None:
        until.wait(60)

    return fault


class Between:
    """The server: passes on what it is asked, but for the faults it is told of."""

    def __init__(self, upstream: str, *, mending: type[Mended] | None = None):
        self.seen: list[Request] = []
        self._upstream = urlsplit(upstream)
        self._faults: list[list] = []
        self._real: Forward = mending(self.forward) if mending else self.forward
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def fail(
        self,
        fault: Fault,
        *,
        method: str = "",
        path: str = "",
        times: int = 1,
        after: int = 0,
    ) -> None:
        """The next requests of `method`, with `path` in theirs; `after` so many."""
        self._faults.append([fault, method, path, times, after])

    def heal(self) -> None:
        self._faults.clear()
        self.seen.clear()

    @contextmanager
    def running(self) -> Iterator["Between"]:
        thread = threading.Thread(target=self._server.serve_forever, args=[0.01])
        thread.start()
        try:
            yield self
        finally:
            self._server.shutdown()
            thread.join()
            self._server.server_close()

    def answer(self, request: Request) -> Answer | None:
        with self._lock:
            self.seen.append(request)
            fault = self._fault_for(request)
        return fault(request, self._real) if fault else self._real(request)

    def _fault_for(self, request: Request) -> Fault | None:
        for rule in self._faults:
            fault, method, path, times, after = rule
            if method not in ("", request.method) or path not in request.path:
                continue
            if after:
                rule[4] -= 1
            elif times:
                rule[3] -= 1
                return fault
        return None

    def forward(self, request: Request) -> Answer:
        connection = HTTPConnection(
            self._upstream.hostname or "", self._upstream.port, timeout=20
        )
        try:
            connection.request(
                request.method, request.path, body=request.body, headers=request.headers
            )
            response = connection.getresponse()
            headers: dict[str, str] = {}
            for name, value in response.getheaders():
                headers[name] = ", ".join(filter(None, [headers.get(name), value]))
            body = response.read()
        finally:
            connection.close()
        if "Location" in headers:  # of an upload: it must come this way as well
            headers["Location"] = headers["Location"].replace(
                self._upstream.geturl(), self.url
            )
        return Answer(response.status, headers, body)


def _handler(between: Between) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"  # for "Expect: 100-continue"

        def handle_any(self):
            headers = dict(self.headers)
            headers.pop("Expect", None)
            body = self.rfile.read(int(headers.get("Content-Length", 0)))
            request = Request(self.command, self.path, headers, body)
            answer = between.answer(request)
            self.close_connection = True
            if answer is not None:
                self.send(answer)

        do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = handle_any

        def send(self, answer: Answer):
            self.send_response_only(answer.status)
            for name, value in answer.headers.items():
                if name.lower() not in ("transfer-encoding", "connection"):
                    self.send_header(name, value)
            if self.command != "HEAD" and not any(
                name.lower() == "content-length" for name in answer.headers
            ):
                self.send_header("Content-Length", str(len(answer.body)))
            self.send_header("Connection", "close")
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(answer.body[: answer.cut_at])

        def log_message(self, *args):
            pass

    return Handler
