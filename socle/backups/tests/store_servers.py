"""A real server that speaks S3, over a folder, for the time of the tests."""

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import pytest

from socle.backups.stores import s3_uploads
from socle.backups.stores.retry import Patience
from socle.backups.stores.s3 import S3Store
from socle.backups.stores.s3_requests import signed_in
from socle.embedded.probes import http_answers
from socle.embedded.process_wrappers import tied
from socle.embedded.testing import free_port, running

S3_BUCKET = "socle-tests"


@dataclass(frozen=True)
class Rclone:
    folder: Path
    port: int
    key: str = "rclone-key"
    secret: str = "rclone-secret"  # noqa: S105 - of a server that lives for seconds

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def command(self) -> list[str]:
        rclone = [str(Path(sys.executable).with_name("rclone")), "--config="]
        rclone += ["serve", "s3", "--addr", f"127.0.0.1:{self.port}"]
        return tied(
            [*rclone, "--auth-key", f"{self.key},{self.secret}", str(self.folder)]
        )

    def prepare(self) -> None:
        (self.folder / S3_BUCKET).mkdir(parents=True)

    def is_ready(self) -> bool:
        return http_answers(self.url, status=400)  # unsigned

    @property
    def variables(self) -> dict[str, str]:
        return {
            "AWS_ENDPOINT_URL_S3": self.url,
            "AWS_ACCESS_KEY_ID": self.key,
            "AWS_SECRET_ACCESS_KEY": self.secret,
            "AWS_CONFIG_FILE": "/dev/null",
            "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
        }


@pytest.fixture(scope="session")
def rclone(tmp_path_factory) -> Iterator[Rclone]:
    folder = tmp_path_factory.mktemp("s3")
    server = Rclone(folder / "served", free_port())
    with running(server, "rclone", log=folder / "rclone.log"):
        yield server


@pytest.fixture
def s3(rclone, monkeypatch) -> Rclone:
    """The server, named by the variables that boto3 reads."""
    for name, value in rclone.variables.items():
        monkeypatch.setenv(name, value)
    return rclone


@pytest.fixture(scope="session")
def s3_client(rclone):
    """Made once: that takes a third of a second."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in rclone.variables.items():
            patch.setenv(name, value)
        return signed_in(Patience(5))


@pytest.fixture
def s3_store(s3, s3_client, monkeypatch):
    """Below a prefix that no other test uses; with the smallest parts S3 allows."""
    monkeypatch.setattr(s3_uploads, "SMALLEST_PART_BYTES", 5 << 20)
    return S3Store(
        s3_client, bucket=S3_BUCKET, prefix=str(uuid4()), patience=Patience(5)
    )
