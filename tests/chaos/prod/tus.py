"""Uploads as the site's page sends them: in chunks, gone on with after a failure."""

import base64
import hashlib
import io
import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from uuid import uuid4

import requests
from measures import UPLOAD
from PIL import Image

CHUNKS = 2
PAUSE_SECONDS = 0.7
TUS = {"Tus-Resumable": "1.0.0"}
GONE = {404, 410}  # there is nothing to go on with
Ask = Callable[..., requests.Response | None]


@dataclass
class Sent:
    """A photo on its way. Accepted: the site has said that it has its last byte."""

    name: str
    sha256: str
    address: str = ""
    is_accepted: bool = False
    refusals: list[str] = field(default_factory=list)


class Photos:
    """Photos that differ in one comment: quick to make, and no two are the same."""

    def __init__(self) -> None:
        chance = random.Random(7)  # noqa: S311 - a picture, no secret
        small = Image.frombytes("RGB", (32, 24), chance.randbytes(32 * 24 * 3))
        buffer = io.BytesIO()
        large = small.resize((640, 480), Image.Resampling.BICUBIC)
        large.save(buffer, "JPEG", quality=85)
        self._jpeg = buffer.getvalue()

    def next(self) -> tuple[str, bytes]:
        name = f"{uuid4()}.jpg"
        comment = name.encode()
        length = (len(comment) + 2).to_bytes(2, "big")
        start, rest = self._jpeg[:2], self._jpeg[2:]
        return name, start + b"\xff\xfe" + length + comment + rest


class Uploader:
    """
    Sends one photo after the other and notes what became of each.

    ask: sends one request and notes its answer; None when none came.
    """

    def __init__(self, ask: Ask, slug: str, *, photos: Photos, patience_seconds: float):
        self._ask = ask
        self._slug = slug
        self._photos = photos
        self._patience_seconds = patience_seconds
        self._lock = threading.Lock()
        self.sent: list[Sent] = []

    def send_one(self) -> None:
        name, content = self._photos.next()
        sent = Sent(name, hashlib.sha256(content).hexdigest())
        with self._lock:
            self.sent.append(sent)
        gives_up_at = time.monotonic() + self._patience_seconds
        while not sent.is_accepted and time.monotonic() < gives_up_at:
            if not self._go_on(sent, content):
                time.sleep(PAUSE_SECONDS)

    def _go_on(self, sent: Sent, content: bytes) -> bool:
        """One attempt, until it is done or something fails."""
        go_on = self._offset if sent.address else self._begin
        offset = go_on(sent, len(content))
        while offset is not None and offset < len(content):
            offset = self._send_chunk(sent, content, offset)
        sent.is_accepted = offset == len(content)
        return sent.is_accepted

    def _begin(self, sent: Sent, size: int) -> int | None:
        encoded = base64.b64encode(sent.name.encode()).decode()
        headers = {"Upload-Length": str(size), "Upload-Metadata": f"filename {encoded}"}
        path = f"/api/galleries/{self._slug}/uploads/"
        answer = self._ask(UPLOAD, "POST", path, headers=TUS | headers)
        if answer is None or answer.status_code != 201:
            self._note(sent, answer)
            return None
        sent.address = answer.headers["Location"]
        return 0

    def _offset(self, sent: Sent, _size: int) -> int | None:
        answer = self._ask(UPLOAD, "HEAD", sent.address, headers=TUS)
        if answer is not None and answer.status_code == 200:
            return int(answer.headers["Upload-Offset"])
        if answer is not None and answer.status_code in GONE:
            sent.address = ""  # begun anew, as the page does
        self._note(sent, answer)
        return None

    def _send_chunk(self, sent: Sent, content: bytes, offset: int) -> int | None:
        chunk = content[offset : offset + len(content) // CHUNKS + 1]
        headers = TUS | {
            "Upload-Offset": str(offset),
            "Content-Type": "application/offset+octet-stream",
        }
        answer = self._ask(UPLOAD, "PATCH", sent.address, headers=headers, data=chunk)
        if answer is None or answer.status_code != 204:
            self._note(sent, answer)
            return None
        return int(answer.headers["Upload-Offset"])

    def _note(self, sent: Sent, answer: requests.Response | None) -> None:
        words = "no answer"
        if answer is not None:
            words = f"{answer.status_code} {answer.text[:300]}"
        sent.refusals.append(words)
