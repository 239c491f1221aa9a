"""Stores of both kinds of bucket whose server fails when it is told to."""

import os
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from uuid import uuid4

import pytest

from socle.backups.format.checksums import upload
from socle.backups.stores import (
    Store,
    google_account,
    google_uploads,
    retry,
    s3_uploads,
)
from socle.backups.stores.google import GoogleStore
from socle.backups.stores.retry import Patience
from socle.backups.stores.s3 import S3Store
from socle.backups.stores.s3_requests import signed_in
from socle.backups.stores.stored_checksums import crc32c_of, md5_of
from socle.backups.tests import faults
from socle.backups.tests.faults import Between
from socle.backups.tests.store_servers import S3_BUCKET

PIECE = 512 << 10
LARGE = random.Random(1).randbytes(PIECE * 5 // 2)  # three pieces
PATIENCE_SECONDS = 3


@dataclass(frozen=True)
class Faulty:
    """A store whose server fails when told to, and words for its requests."""

    store: Store
    between: Between
    put: dict[str, str]
    """The request that stores an object whole."""
    piece: dict[str, str]
    """One that stores a piece of a stream."""
    last: dict[str, str]
    """The one that makes the pieces an object."""
    sums: Callable[[bytes], list[tuple[bytes, bytes]]]
    """Checksums in the server's answers to a stream, and wrong ones."""
    open: Callable[[Patience], Store]

    @property
    def impatient(self) -> Store:
        return self.open(Patience(1))

    def hurried(self) -> Store:
        return self.open(Hurried(0.2))


class Hurried(Patience):
    answer_seconds = 0.3


def google_sums(data: bytes) -> list[tuple[bytes, bytes]]:
    return [(crc32c_of(data).encode(), b"AAAAAA==")]


def s3_sums(data: bytes) -> list[tuple[bytes, bytes]]:
    """Of a part and of the whole, which is made of the parts'."""
    parts = [md5_of(data[at : at + PIECE]) for at in range(0, len(data), PIECE)]
    whole = md5_of(b"".join(parts))
    return [(one.hex().encode(), b"0" * 32) for one in (parts[1], whole)]


@pytest.fixture(scope="session")
def google_between() -> Iterator[Between]:
    with Between(
        os.environ["STORAGE_EMULATOR_HOST"], mending=faults.Mended
    ).running() as between:
        yield between


@pytest.fixture(scope="session")
def s3_between(rclone) -> Iterator[Between]:
    with Between(rclone.url).running() as between:
        yield between


@pytest.fixture(scope="session")
def s3_between_client(rclone, s3_between):
    """Made once: that takes a third of a second."""
    return client_for(rclone, s3_between, patience=Patience(PATIENCE_SECONDS))


def client_for(rclone, between: Between, *, patience: Patience):
    with pytest.MonkeyPatch.context() as patch:
        for name, value in rclone.variables.items():
            patch.setenv(name, value)
        patch.setenv("AWS_ENDPOINT_URL_S3", between.url)
        return signed_in(patience)


@pytest.fixture
def faulty_google(google_between, settings, monkeypatch) -> Faulty:
    google_between.heal()
    monkeypatch.setattr(google_uploads, "PIECE_BYTES", PIECE)
    monkeypatch.setattr(retry, "FIRST_PAUSE_SECONDS", 0.01)
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", google_between.url)
    bucket = settings.BACKUP_STORAGE_URL.removeprefix("gs://")
    prefix = str(uuid4())

    def made(patience: Patience) -> Store:
        account = replace(google_account.signed_in(None), is_emulated=False)
        return GoogleStore(account, bucket=bucket, prefix=prefix, patience=patience)

    return Faulty(
        made(Patience(PATIENCE_SECONDS)),
        google_between,
        put={"method": "POST", "path": "uploadType=multipart"},
        piece={"method": "PUT"},
        last={"method": "PUT"},
        sums=google_sums,
        open=made,
    )


@pytest.fixture
def faulty_s3(rclone, s3_between, s3_between_client, monkeypatch) -> Faulty:
    s3_between.heal()
    monkeypatch.setattr(s3_uploads, "SMALLEST_PART_BYTES", PIECE)
    monkeypatch.setattr(retry, "FIRST_PAUSE_SECONDS", 0.01)
    prefix = str(uuid4())

    def made(patience: Patience) -> Store:
        client = s3_between_client
        if isinstance(patience, Hurried):
            client = client_for(rclone, s3_between, patience=patience)
        return S3Store(client, bucket=S3_BUCKET, prefix=prefix, patience=patience)

    return Faulty(
        made(Patience(PATIENCE_SECONDS)),
        s3_between,
        put={"method": "PUT"},
        piece={"method": "PUT", "path": "partNumber"},
        last={"method": "POST", "path": "uploadId"},
        sums=s3_sums,
        open=made,
    )


@pytest.fixture(params=["faulty_google", "faulty_s3"])
def faulty(request) -> Faulty:
    return request.getfixturevalue(request.param)


def send(store: Store, name: str, data: bytes) -> None:
    with upload(store, name) as target:
        for start in range(0, len(data), 100_000):
            target.write(data[start : start + (100_000)])


def received(store: Store, name: str) -> bytes:
    with store.open(name) as source:
        return b"".join(iter(lambda: source.read(100_000), b""))
