"""Requests to S3, or to a server that speaks its language."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any
from urllib.parse import urlsplit

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from socle.backups.exceptions import ObjectExists, ObjectMissing
from socle.backups.stores.retry import Patience
from socle.backups.stores.s3_errors import status_of, translated

CONNECTIONS = 32
_OPTIONAL = {
    "ChecksumAlgorithm",
    "ChecksumCRC32C",
    "ChecksumMode",
    "ChecksumType",
    "IfMatch",
    "IfNoneMatch",
    "MpuObjectSize",
}


def signed_in(patience: Patience) -> Any:
    """
    A client with the keys and the endpoint that boto3 finds by itself, in AWS_
    variables or its own files. Raises StoreRefused.
    """
    with translated("S3", bucket=""):
        session = boto3.session.Session()
        client = session.client("s3", config=_config(patience))
        if is_amazon(client):
            return client
        client.close()  # others have no host name for each bucket
        paths = Config(s3={"addressing_style": "path"})
        return session.client("s3", config=_config(patience).merge(paths))


def _config(patience: Patience) -> Config:
    return Config(
        connect_timeout=10,
        read_timeout=patience.answer_seconds,
        max_pool_connections=CONNECTIONS,
        retries={"total_max_attempts": 1},  # they are ours, and counted
        # Ours too: botocore needs one more library for crc32c, and many servers
        # refuse the form in which it sends its own.
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
    )


def is_amazon(client: Any) -> bool:
    host = urlsplit(client.meta.endpoint_url).hostname or ""
    return host.endswith((".amazonaws.com", ".amazonaws.com.cn"))


class Requests:
    """What is asked about one bucket, below `prefix`, patiently."""

    def __init__(self, client: Any, *, bucket: str, prefix: str, patience: Patience):
        self.client = client
        self.bucket = bucket
        self.patience = patience
        self.prefix = f"{prefix}/" if prefix else ""
        self._is_plain = False

    @property
    def url(self) -> str:
        return f"s3://{self.bucket}/{self.prefix}".rstrip("/")

    def key(self, name: str) -> str:
        return self.prefix + name

    def ask(
        self,
        operation: Callable[..., Any],
        *,
        name: str = "",
        may_be_done: bool = False,
        **words: Any,
    ) -> dict[str, Any]:
        """
        What `operation` of the client answers; asked again after passing failures.

        may_be_done: answer nothing instead of ObjectExists or ObjectMissing where an
        earlier try may have been carried out and its answer lost.
        """
        if name:
            words["Key"] = self.key(name)

        def once(attempt: int) -> dict[str, Any]:
            try:
                with self.translated(name):
                    answer: dict[str, Any] = self.call(operation, words)
                    return answer
            except (ObjectExists, ObjectMissing):
                if attempt and may_be_done:
                    return {}
                raise

        return self.patience.persist(once)

    def call(self, operation: Callable[..., Any], words: dict[str, Any]) -> Any:
        plain = {word: words[word] for word in words if word not in _OPTIONAL}
        try:
            return operation(Bucket=self.bucket, **(plain if self._is_plain else words))
        except ClientError as error:
            if status_of(error) != 501 or self._is_plain or plain == words:
                raise
        self._is_plain = True  # older servers refuse what they do not know
        return operation(Bucket=self.bucket, **plain)

    def translated(self, name: str) -> AbstractContextManager[None]:
        return translated(self.url, bucket=self.bucket, name=name)

    def head(self, name: str) -> dict[str, Any]:
        return self.ask(self.client.head_object, name=name, ChecksumMode="ENABLED")
