"""What a backup needs from the place it is kept in."""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True)
class StoredObject:
    """One object, as the store reports it."""

    name: str
    size_bytes: int
    crc32c: str = ""
    """Base64 as Google writes it; empty where a listing does not carry it."""
    md5: str = ""
    """Hexadecimal digits; only of stores whose listing has no crc32c."""
    stored_at: datetime | None = None
    """When it became visible, by the store's own clock; None where unknown."""
    generation: str = ""
    """Names this very content, so that a later object of the name is not meant."""


class Writer(Protocol):
    def write(self, data: bytes, /) -> int: ...


class Reader(Protocol):
    def read(self, size: int = -1, /) -> bytes: ...


class Store(Protocol):
    """
    Named objects under one URL. Nothing is overwritten, nothing visible half-done.

    Every method may raise StoreUnavailable (try again) or StoreRefused (look at it).
    """

    @property
    def url(self) -> str: ...

    def prepare(self) -> str:
        """Make sure that the container is there; says what was done about it."""

    def find(self, name: str) -> StoredObject | None:
        """The object with its crc32c, or None."""

    def list(self, prefix: str) -> Iterator[StoredObject]:
        """Every object whose name starts with `prefix`, in any order."""

    def put(self, name: str, data: bytes) -> StoredObject:
        """Store a small object in one go. Raises ObjectExists."""

    def create(self, name: str) -> AbstractContextManager[Writer]:
        """
        Store a stream. The object appears when the block ends well; when the block
        raises, nothing appears. Raises ObjectExists.
        """

    def copy(self, name: str, *, source: "Store", source_name: str) -> StoredObject:
        """
        An object of another store of the same kind, copied by the server itself.

        Raises StoreRefused for a store of another kind, ObjectExists, ObjectMissing.
        """

    def read(self, name: str) -> bytes:
        """A small object, whole. Raises ObjectMissing."""

    def open(self, name: str) -> AbstractContextManager[Reader]:
        """An object as a stream. Raises ObjectMissing, here or at the first read."""

    def delete(self, name: str, *, generation: str = "") -> None:
        """
        generation: only this content; a newer object of the name stays, and
        ObjectExists is raised.

        Raises ObjectMissing.
        """

    def tidy(self, prefix: str, *, before: datetime) -> int:
        """
        Remove what writers of names with `prefix` left that were killed before then:
        it takes room, and no listing shows it. Returns how many there were.
        """
