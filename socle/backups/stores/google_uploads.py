"""A stream on its way to Google: pieces that become an object together, or never."""

import base64
import logging
import re
from collections.abc import Callable
from dataclasses import replace

import google_crc32c
import urllib3

from socle.backups.exceptions import (
    BackupError,
    ObjectExists,
    ObjectMissing,
    StoreRefused,
    StoreUnavailable,
)
from socle.backups.stores.google_errors import unavailable
from socle.backups.stores.google_http import GoogleRequest, GoogleSession
from socle.backups.stores.google_responses import described, facts_in
from socle.backups.stores.interface import StoredObject

logger = logging.getLogger(__name__)

PIECE_BYTES = 8 << 20  # whole multiples of 256 KiB; in memory, for a moment twice
_INCOMPLETE = 308
_CANCELLED = (200, 204, 404, 410, 499)


class GoogleUpload:
    """
    A resumable upload. Only its last piece tells Google where it ends, so that an
    abandoned one never becomes an object.

    After a failure it takes nothing more: half a stream must not be finished.
    """

    def __init__(
        self,
        session: GoogleSession,
        *,
        name: str,
        begin: GoogleRequest,
        find: Callable[[], StoredObject | None],
    ):
        """begin: the request for the place that takes the pieces."""
        self._session = session
        self._name = name
        self._find = find
        self._place = session.answer(begin).headers["Location"]
        self._buffer = bytearray()
        self._position = 0  # what Google has confirmed
        self._crc32c = google_crc32c.Checksum()
        self._has_failed = False
        self._stored: StoredObject | None = None

    def write(self, data: bytes) -> int:
        self._check_going()
        self._has_failed = True
        rest = memoryview(data)
        while rest:
            if len(self._buffer) == PIECE_BYTES:  # more follows: it is not the last
                self._send_buffer(is_last=False)
            room = PIECE_BYTES - len(self._buffer)
            self._buffer += rest[:room]
            rest = rest[room:]
        self._has_failed = False
        return len(data)

    def finish(self) -> StoredObject:
        """The object as Google reports it."""
        self._check_going()
        self._send_buffer(is_last=True)
        assert self._stored is not None
        return self._stored

    def crc32c(self) -> str:
        """Of all that was sent."""
        return base64.b64encode(self._crc32c.digest()).decode()

    def abandon(self) -> None:
        """One try: Google forgets it by itself after a week."""
        question = GoogleRequest(
            "DELETE", self._place, name=self._name, success=_CANCELLED
        )
        try:
            self._session.send(question)
        except BackupError as error:
            logger.warning("An upload, never seen, is left over: %s", error)

    def _check_going(self) -> None:
        if self._has_failed:
            raise StoreUnavailable("The upload failed before; nothing was stored.")

    def _send_buffer(self, *, is_last: bool) -> None:
        piece, start = bytes(self._buffer), self._position
        self._buffer = bytearray()
        self._crc32c.update(piece)

        def send(attempt: int) -> None:
            if attempt and self._knows_it_is_done(is_whole=is_last and not start):
                return
            if self._position < start:
                raise StoreRefused(f"{self._session.url} lost what it had confirmed.")
            while is_last or self._position < start + len(piece):
                if self._send_rest(piece, start=start, is_last=is_last):
                    return

        try:
            self._session.patience.persist(send)
        except (ObjectExists, ObjectMissing):
            # The answer to the last piece was lost, and the place with it?
            self._stored = self._find() if is_last else None
            if self._stored is None or self._stored.crc32c != self.crc32c():
                raise

    def _knows_it_is_done(self, *, is_whole: bool) -> bool:
        """
        Ask how far it has come; for all of it if the answer to the last piece was lost.

        is_whole: it has one piece only, which may simply be sent again.
        """
        if self._session.can_resume:
            return self._is_done(self._put(b"", total="*"))
        if is_whole:
            return False
        raise StoreRefused(
            f"{self._session.url} failed in the middle of a stream, and the emulator "
            "cannot go on with one. Run it again."
        )

    def _send_rest(self, piece: bytes, *, start: int, is_last: bool) -> bool:
        """What Google does not have yet of the piece; whether all is done then."""
        before = self._position
        total = str(start + len(piece)) if is_last else "*"
        if self._is_done(self._put(piece[before - start :], total=total)):
            return True
        if self._position == before:
            raise unavailable(self._session.url, "It takes no more of a stream.")
        return False

    def _put(self, data: bytes, *, total: str) -> urllib3.BaseHTTPResponse:
        """With no data and no total it asks how far Google has come."""
        end = self._position + len(data) - 1
        covered = f"{self._position}-{end}" if data else "*"
        headers = {"Content-Range": f"bytes {covered}/{total}"}
        if total != "*":
            headers["X-Goog-Hash"] = f"crc32c={self.crc32c()}"
        return self._session.send(
            GoogleRequest(
                "PUT",
                self._place,
                name=self._name,
                headers=headers,
                body=data,
                success=(200, 201, _INCOMPLETE),
            )
        )

    def _is_done(self, response: urllib3.BaseHTTPResponse) -> bool:
        if response.status == _INCOMPLETE:
            kept = re.fullmatch(r"bytes=0-(\d+)", response.headers.get("Range", ""))
            self._position = int(kept[1]) + 1 if kept else 0
            return False
        facts = facts_in(response, url=self._session.url)
        self._stored = replace(described(facts, prefix=""), name=self._name)
        return True
