"""An object as a stream that outlives its connection."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from socle.backups.exceptions import ObjectDamaged, StoreUnavailable
from socle.backups.stores.retry import Patience
from socle.backups.stores.stored_checksums import ChecksumComparison

PIECE_BYTES = 1 << 20


class Body(Protocol):
    def read(self, size: int, /) -> bytes: ...

    def close(self) -> None: ...


@dataclass(frozen=True)
class Answer:
    """What a store answers to the request for an object from some byte on."""

    body: Body
    size_bytes: int
    """Of the whole object."""
    proof: ChecksumComparison
    """Of the whole object; only the first answer's is used."""


class ObjectDownload:
    """
    ask: requests the object from a byte on, and the very object of its first answer.
    what: its URL, for messages.
    translated: a block in which the body's own exceptions become ours.
    """

    def __init__(
        self,
        ask: Callable[[int], Answer],
        *,
        what: str,
        patience: Patience,
        translated: Callable[[], AbstractContextManager[None]],
    ):
        self._ask = ask
        self._what = what
        self._patience = patience
        self._translated = translated
        self._body: Body | None = None
        self._first: Answer | None = None
        self._position = 0

    def read(self, size: int = -1) -> bytes:
        """Raises ObjectDamaged at the end of bytes that are not the stored ones."""
        if size < 0:
            return b"".join(iter(partial(self.read, PIECE_BYTES), b""))
        data = self._patience.persist(lambda attempt: self._read(size))
        assert self._first is not None
        self._position += len(data)
        self._first.proof.update(data)
        if self._position >= self._first.size_bytes and not self._is_whole():
            raise ObjectDamaged(
                f"{self._what} is damaged: its bytes do not fit the store's own "
                "checksum. Other backups: ./google_storage.sh -l"
            )
        return data

    def _is_whole(self) -> bool:
        assert self._first is not None
        return self._position == self._first.size_bytes and self._first.proof.is_met()

    def _read(self, size: int) -> bytes:
        if self._first is not None and self._position >= self._first.size_bytes:
            return b""
        try:
            if self._body is None:
                answer = self._ask(self._position)
                self._first = self._first or answer
                self._body = answer.body
            with self._translated():
                data = self._body.read(size)
        except StoreUnavailable:
            self.close()
            raise
        assert self._first is not None
        if not data and size and self._position < self._first.size_bytes:
            self.close()
            raise StoreUnavailable(
                f"{self._what} ended after {self._position:,} of "
                f"{self._first.size_bytes:,} bytes: the connection was cut."
            )
        return data

    def close(self) -> None:
        if self._body is not None:
            self._body.close()
        self._body = None
