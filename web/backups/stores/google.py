"""Google Cloud Storage, or the emulator that speaks its language."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any
from urllib.parse import urlsplit

from google.auth import exceptions as auth
from google.cloud import storage
from google.cloud.storage.retry import DEFAULT_RETRY

from backups.exceptions import (
    ObjectExists,
    ObjectMissing,
    StoreRefused,
    StoreUnavailable,
)
from backups.stores.google_errors import AUTHENTICATE, translated
from backups.stores.interface import Reader, Store, StoredObject, Writer

CHUNK_BYTES = 8 * 1024 * 1024  # a resumable upload's; whole multiples of 256 KiB
_FIELDS = "name,size,crc32c,generation,timeCreated"


def signed_in(key: dict[str, Any] | None) -> storage.Client:
    """
    A client for the key's account, else with the machine's own credentials. The
    emulator ($STORAGE_EMULATOR_HOST, which the official client reads) needs neither.

    Raises StoreRefused for credentials that are missing or of no use.
    """
    try:
        if key is None:
            return storage.Client()
        client = storage.Client.from_service_account_info(key)
    except (auth.GoogleAuthError, OSError) as error:
        raise StoreRefused(
            f"Google Cloud Storage cannot be signed in to: {error} Run: {AUTHENTICATE}"
        ) from error
    except (ValueError, KeyError, AttributeError, TypeError) as error:
        raise StoreRefused(
            f"This is not the key of a service account ({error}). Make one in Google's "
            "console (IAM, Service accounts, Keys, JSON), then run: "
            f"{AUTHENTICATE}"
        ) from error
    return storage.Client() if is_emulated(client) else client


def is_emulated(client: storage.Client) -> bool:
    """Google itself is never spoken to without TLS."""
    return urlsplit(client.api_endpoint).scheme == "http"


class GoogleStore:
    """
    Objects of one bucket, below `prefix`.

    patience_seconds: how long a request that fails for a passing reason (no answer,
    429, 5xx) is tried again, with growing pauses, before it is StoreUnavailable.
    """

    def __init__(
        self,
        client: storage.Client,
        *,
        bucket: str,
        prefix: str = "",
        patience_seconds: float = 60,
    ):
        self._client = client
        self._bucket = client.bucket(bucket)
        self._prefix = f"{prefix}/" if prefix else ""
        self._retry = DEFAULT_RETRY.with_timeout(patience_seconds)

    @property
    def url(self) -> str:
        return f"gs://{self._bucket.name}/{self._prefix}".rstrip("/")

    def prepare(self) -> str:
        if not is_emulated(self._client):
            return f"Google Cloud Storage is asked for {self.url}."
        host = self._client.api_endpoint
        with self._translated():
            if self._bucket.exists(retry=self._retry):
                return f"The emulator at {host} has the bucket {self._bucket.name}."
            self._client.create_bucket(self._bucket, retry=self._retry)
        return f"Made the bucket {self._bucket.name} in the emulator at {host}."

    def find(self, name: str) -> StoredObject | None:
        blob = self._blob(name)
        try:
            with self._translated(name):
                blob.reload(retry=self._retry)
        except ObjectMissing:
            return None
        return self._stored(blob)

    def list(self, prefix: str) -> Iterator[StoredObject]:
        with self._translated():
            blobs = self._client.list_blobs(
                self._bucket,
                prefix=self._prefix + prefix,
                fields=f"items({_FIELDS}),nextPageToken",
                retry=self._retry,
            )
            for blob in blobs:
                yield self._stored(blob)

    def put(self, name: str, data: bytes) -> StoredObject:
        blob = self._blob(name)
        with self._translated(name):
            blob.upload_from_string(
                data,
                content_type="application/octet-stream",
                if_generation_match=0,
                checksum="crc32c",
                retry=self._retry,
            )
        return self._stored(blob)

    @contextmanager
    def create(self, name: str) -> Iterator[Writer]:
        # The precondition alone would do, but old emulators ignore it for streams.
        if self.find(name):
            raise ObjectExists(f"{self.url}/{name} exists already.")
        # Only `with`: a writer that is dropped publishes what it has, half an object.
        with (
            self._translated(name),
            self._blob(name).open(
                "wb",
                chunk_size=CHUNK_BYTES,
                content_type="application/octet-stream",
                if_generation_match=0,
                checksum="crc32c",
                retry=self._retry,
            ) as target,
        ):
            yield _Target(target)

    def read(self, name: str) -> bytes:
        with self._translated(name):
            return self._blob(name).download_as_bytes(
                checksum="crc32c", retry=self._retry
            )

    @contextmanager
    def open(self, name: str) -> Iterator[Reader]:
        source = self._blob(name).open("rb", chunk_size=CHUNK_BYTES, retry=self._retry)
        with source:
            yield _Source(source, translated=lambda: self._translated(name))

    def copy(self, name: str, *, source: Store, source_name: str) -> StoredObject:
        if not isinstance(source, GoogleStore):
            raise StoreRefused(
                f"{source.url} is no bucket of Google, as {self.url} is."
            )
        before = source._blob(source_name)
        with source._translated(source_name):
            before.reload(retry=self._retry)
        if self.find(name):  # as for create
            raise ObjectExists(f"{self.url}/{name} exists already.")
        after, token = self._blob(name), None
        with self._translated(name):
            while True:
                token, _, _ = after.rewrite(
                    before, token=token, if_generation_match=0, retry=self._retry
                )
                if token is None:
                    return self._stored(after)

    def delete(self, name: str, *, generation: str = "") -> None:
        # The precondition alone would do, but the emulator ignores it.
        found = self.find(name) if generation else None
        if found and found.generation != generation:
            raise ObjectExists(
                f"{self.url}/{name} is a newer object than the one meant."
            )
        with self._translated(name):
            self._blob(name).delete(
                if_generation_match=int(generation) if generation else None,
                retry=self._retry,
            )

    def _blob(self, name: str) -> Any:
        return self._bucket.blob(self._prefix + name)

    def _stored(self, blob: Any) -> StoredObject:
        name = blob.name.removeprefix(self._prefix)
        return StoredObject(
            name,
            int(blob.size),
            blob.crc32c or "",
            stored_at=blob.time_created,
            generation=str(blob.generation or ""),
        )

    def _translated(self, name: str = "") -> AbstractContextManager[None]:
        return translated(self.url, bucket=self._bucket.name, name=name)


class _Target:
    """
    A blob's stream that takes nothing more after a failure. The client would take the
    next write for the last piece, end the upload with it and publish half an object.
    """

    def __init__(self, stream: Writer):
        self._stream = stream
        self._has_failed = False

    def write(self, data: bytes) -> int:
        if self._has_failed:
            raise StoreUnavailable("The upload failed before; nothing was stored.")
        self._has_failed = True
        written = self._stream.write(data)
        self._has_failed = False
        return written


class _Source:
    """A blob's stream: the request is made at the first read, and may fail there."""

    def __init__(
        self, stream: Reader, *, translated: Callable[[], AbstractContextManager[None]]
    ):
        self._stream = stream
        self._translated = translated

    def read(self, size: int = -1) -> bytes:
        with self._translated():
            return self._stream.read(size)
