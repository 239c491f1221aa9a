"""A stream on its way to Google: pieces that become an object together, or never."""

import base64
import logging
import re
from collections.abc import Callable

import google_crc32c
import urllib3

from backups.exceptions import (
    BackupError,
    ObjectDamaged,
    ObjectExists,
    ObjectMissing,
    StoreUnavailable,
)
from backups.stores.google_answers import facts_in
from backups.stores.google_http import Question, Session
from backups.stores.interface import StoredObject

logger = logging.getLogger(__name__)

PIECE_BYTES = 16 << 20  # whole multiples of 256 KiB
_INCOMPLETE = 308
_CANCELLED = (200, 204, 404, 410, 499)


class Upload:
    """
    A resumable upload. Only its last piece tells Google where it ends, so that an
    abandoned one never becomes an object.

    After a failure it takes nothing more: half a stream must not be finished.
    """

    def __init__(
        self,
        session: Session,
        *,
        name: str,
        begin: Question,
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

    def finish(self) -> None:
        self._check_going()
        self._send_buffer(is_last=True)

    def abandon(self) -> None:
        """One try: Google forgets it by itself after a week."""
        question = Question("DELETE", self._place, name=self._name, success=_CANCELLED)
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
            if attempt and self._is_done(self._put(b"", total="*")):
                return
            while True:
                before = self._position
                rest = piece[before - start :] if before > start else piece
                total = str(start + len(piece)) if is_last else "*"
                if self._is_done(self._put(rest, total=total)):
                    return
                if self._position == start + len(piece) and not is_last:
                    return
                if self._position == before:
                    raise StoreUnavailable(f"{self._session.url} keeps nothing of it.")

        try:
            self._session.patience.persist(send)
        except (ObjectExists, ObjectMissing):
            # The answer to the last piece was lost, and the place with it?
            if not is_last or not self._is_whole(self._find()):
                raise

    def _put(self, data: bytes, *, total: str) -> urllib3.BaseHTTPResponse:
        """With no data and no total it asks how far Google has come."""
        end = self._position + len(data) - 1
        covered = f"{self._position}-{end}" if data else "*"
        headers = {"Content-Range": f"bytes {covered}/{total}"}
        if total != "*":
            headers["X-Goog-Hash"] = f"crc32c={self._sum()}"
        return self._session.send(
            Question(
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
        said = facts_in(response, url=self._session.url).get("crc32c", "")
        if said != self._sum():
            raise ObjectDamaged(
                f"{self._session.url}/{self._name} was sent with the crc32c "
                f"{self._sum()} and arrived with {said}. Run it again: "
                "./google_storage.sh -b"
            )
        return True

    def _is_whole(self, found: StoredObject | None) -> bool:
        return found is not None and found.crc32c == self._sum()

    def _sum(self) -> str:
        return base64.b64encode(self._crc32c.digest()).decode()
