"""Requests to Google Cloud Storage: signed as its client does, sent by a faster one."""

import threading
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode

import urllib3
from google.auth.transport.urllib3 import Request as Signing

from socle.backups.exceptions import ObjectExists, ObjectMissing
from socle.backups.stores.google_account import ServiceAccount, connections
from socle.backups.stores.google_errors import refusal, translated
from socle.backups.stores.retry import Patience

SUCCESS = (200, 201, 204, 206)


@dataclass(frozen=True)
class GoogleRequest:
    """One request; `name` is that of the object it is about, if it is about one."""

    method: str
    url: str
    name: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    body: Any = b""
    success: Iterable[int] = SUCCESS


class GoogleSession:
    """Asks about one bucket, patiently."""

    def __init__(
        self, account: ServiceAccount, *, bucket: str, url: str, patience: Patience
    ):
        self.patience = patience
        self.url = url
        # The emulator takes the question how far it has come for the end.
        self.can_resume = not account.is_emulated
        self._endpoint = account.endpoint
        self._bucket = bucket
        self._credentials = account.credentials
        self._lock = threading.Lock()
        self._any_host = connections(
            self._endpoint, answer_seconds=patience.answer_seconds
        )
        self._signing = Signing(self._any_host)
        # To find the one host anew for each request would cost a fifth of its time.
        self._host = self._any_host.connection_from_url(self._endpoint)

    def address(self, path: str, /, **query: str) -> str:
        """`path` holds no names but quoted ones. Empty words of the query are left."""
        said = urlencode({word: query[word] for word in query if query[word]})
        return f"{self._endpoint}{path}" + (f"?{said}" if said else "")

    def ask(
        self, question: GoogleRequest, *, may_be_done: bool = False
    ) -> urllib3.BaseHTTPResponse | None:
        """
        The whole answer; asked again after passing failures.

        may_be_done: answer None instead of raising ObjectExists or ObjectMissing where
        an earlier try may have been carried out and its answer lost.
        """

        def once(attempt: int) -> urllib3.BaseHTTPResponse | None:
            try:
                return self.send(question)
            except (ObjectExists, ObjectMissing):
                if attempt and may_be_done:
                    return None
                raise

        return self.patience.persist(once)

    def answer(self, question: GoogleRequest) -> urllib3.BaseHTTPResponse:
        """What `ask` answers to that which may be done twice."""
        return self.patience.persist(lambda attempt: self.send(question))

    def send(
        self, question: GoogleRequest, *, is_stream: bool = False
    ) -> urllib3.BaseHTTPResponse:
        """Once, or twice with a new token after a 401. Raises what an answer means."""
        with translated(self.url):
            headers = self._signed(question)
            response = self._request(question, headers, is_stream=is_stream)
            if response.status == 401 and self._renew(headers):
                response.drain_conn()
                headers = self._signed(question)
                response = self._request(question, headers, is_stream=is_stream)
            if response.status in question.success:
                return response
            body = response.data
        raise refusal(
            self.url,
            status=response.status,
            body=body,
            bucket=self._bucket,
            name=question.name,
        )

    def _request(
        self, question: GoogleRequest, headers: dict[str, str], *, is_stream: bool
    ) -> urllib3.BaseHTTPResponse:
        place = question.url.removeprefix(self._endpoint)
        pool = self._host if place.startswith("/") else self._any_host
        return pool.urlopen(
            question.method,
            place,
            body=question.body,
            headers=headers,
            preload_content=not is_stream,
            decode_content=False,
            redirect=False,
            retries=False,
        )

    def _signed(self, question: GoogleRequest) -> dict[str, str]:
        headers = dict(question.headers)
        with self._lock:  # one thread renews the token, the others wait for it
            self._credentials.before_request(
                self._signing, question.method, question.url, headers
            )
        return headers

    def _renew(self, refused: dict[str, str]) -> bool:
        """A new token in place of the refused one, unless another thread was faster."""
        token = refused.get("authorization")
        if token is None:
            return False
        with self._lock:
            if token == f"Bearer {self._credentials.token}":
                self._credentials.refresh(self._signing)
        return True


def quoted(name: str) -> str:
    return quote(name, safe="")
