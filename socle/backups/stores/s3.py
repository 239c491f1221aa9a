"""Amazon S3, or a server that speaks its language."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from socle.backups.exceptions import (
    ObjectDamaged,
    ObjectExists,
    ObjectMissing,
    StoreRefused,
)
from socle.backups.stores.downloads import Answer, ObjectDownload
from socle.backups.stores.interface import Reader, Store, StoredObject, Writer
from socle.backups.stores.retry import Patience
from socle.backups.stores.s3_requests import Requests, is_amazon
from socle.backups.stores.s3_responses import (
    crc32c_in,
    generation_of,
    md5_in,
    moment_of,
    whole_size,
)
from socle.backups.stores.s3_uploads import S3Upload, put_whole
from socle.backups.stores.stored_checksums import ChecksumComparison

COPY_BYTES = 5 * 1024**3  # what one request may copy
COPY_PART_BYTES = 1024**3


class S3Store:
    """
    Objects of one bucket, below `prefix`.

    Of the servers that speak this language, some ignore preconditions and some know no
    crc32c. So but for Amazon's each new name is looked up first, and what is sent is
    compared with the ETag where the answer has no crc32c.
    """

    def __init__(self, client: Any, *, bucket: str, prefix: str, patience: Patience):
        self._requests = Requests(
            client, bucket=bucket, prefix=prefix, patience=patience
        )
        self._client = client

    @property
    def url(self) -> str:
        return self._requests.url

    def prepare(self) -> str:
        self._requests.ask(self._client.head_bucket)
        return (
            f"{self._client.meta.endpoint_url} has the bucket {self._requests.bucket}."
        )

    def find(self, name: str) -> StoredObject | None:
        try:
            return self._found(name, self._requests.head(name))
        except ObjectMissing:
            return None

    def list(self, prefix: str) -> Iterator[StoredObject]:
        words: dict[str, Any] = {"Prefix": self._requests.prefix + prefix}
        while True:
            page = self._requests.ask(self._client.list_objects_v2, **words)
            for one in page.get("Contents", []):
                name = one["Key"].removeprefix(self._requests.prefix)
                yield StoredObject(
                    name,
                    one["Size"],
                    # Amazon's lists do not say which ETags encryption has changed.
                    md5="" if is_amazon(self._client) else md5_in(one),
                    stored_at=moment_of(one),
                    generation=generation_of(one),
                )
            if not page.get("IsTruncated"):
                return
            words["ContinuationToken"] = page["NextContinuationToken"]

    def put(self, name: str, data: bytes) -> StoredObject:
        self._check_free(name)
        return put_whole(self._requests, name, data=data)

    @contextmanager
    def create(self, name: str) -> Iterator[Writer]:
        self._check_free(name, for_certain=True)
        upload = S3Upload(self._requests, name)
        try:
            yield upload
            upload.finish()
        except BaseException:
            upload.abandon()
            raise

    def _check_free(self, name: str, *, for_certain: bool = False) -> None:
        """A stream is looked up first in any case: it would be refused at its end."""
        if (for_certain or not is_amazon(self._client)) and self.find(name):
            raise ObjectExists(f"{self.url}/{name} exists already.")

    def copy(self, name: str, *, source: Store, source_name: str) -> StoredObject:
        if not isinstance(source, S3Store):
            raise StoreRefused(f"{source.url} is no S3 bucket, as {self.url} is.")
        before = source.find(source_name)
        if before is None:
            raise ObjectMissing(f"{source.url}/{source_name} is not there.")
        self._check_free(name)
        place = {
            "Bucket": source._requests.bucket,
            "Key": source._requests.key(source_name),
        }
        if before.size_bytes > COPY_BYTES:
            with self.create(name) as upload:
                assert isinstance(upload, S3Upload)
                for start in range(0, before.size_bytes, COPY_PART_BYTES):
                    end = min(start + COPY_PART_BYTES, before.size_bytes)
                    upload.copy_part(place, start=start, end=end)
        else:
            self._requests.ask(
                self._client.copy_object,
                name=name,
                may_be_done=True,
                CopySource=place,
                ChecksumAlgorithm="CRC32C",
                IfNoneMatch="*",
            )
        after = self._found(name, self._requests.head(name))
        if (before.size_bytes, before.crc32c or after.crc32c) != (
            after.size_bytes,
            after.crc32c or before.crc32c,
        ):
            self.delete(name, generation=after.generation)
            raise ObjectDamaged(
                f"{self.url}/{name} differs from {source.url}/{source_name}, which "
                "the store copied. Run it again: ./google_storage.sh -b"
            )
        return after

    def read(self, name: str) -> bytes:
        with self.open(name) as source:
            return source.read()

    @contextmanager
    def open(self, name: str) -> Iterator[Reader]:
        version: dict[str, str] = {}

        def ask(position: int) -> Answer:
            if position:
                version["Range"] = f"bytes={position}-"
            words = {
                "Key": self._requests.key(name),
                "ChecksumMode": "ENABLED",
                **version,
            }
            with self._requests.translated(name):
                answer = self._requests.call(self._client.get_object, words)
            version["IfMatch"] = answer["ETag"]
            proof = ChecksumComparison(crc32c=crc32c_in(answer), md5=md5_in(answer))
            return Answer(answer["Body"], whole_size(answer), proof)

        source = ObjectDownload(
            ask,
            what=f"{self.url}/{name}",
            patience=self._requests.patience,
            translated=lambda: self._requests.translated(name),
        )
        try:
            yield source
        finally:
            source.close()

    def delete(self, name: str, *, generation: str = "") -> None:
        found = self._requests.head(name)  # S3 itself is silent about what is not there
        words = {}
        if generation:
            if generation_of(found) != generation:
                raise ObjectExists(
                    f"{self.url}/{name} is a newer object than the one meant."
                )
            words["IfMatch"] = found["ETag"]
        self._requests.ask(self._client.delete_object, name=name, **words)

    def tidy(self, prefix: str, *, before: datetime) -> int:
        """Parts of unfinished uploads are kept, and paid for, until somebody does."""
        words: dict[str, Any] = {"Prefix": self._requests.prefix + prefix}
        removed = 0
        while True:
            page = self._requests.ask(self._client.list_multipart_uploads, **words)
            for one in page.get("Uploads", []):
                if one["Initiated"] < before:
                    name = one["Key"].removeprefix(self._requests.prefix)
                    self._requests.ask(
                        self._client.abort_multipart_upload,
                        name=name,
                        UploadId=one["UploadId"],
                    )
                    removed += 1
            if not page.get("IsTruncated"):
                return removed
            words["KeyMarker"] = page["NextKeyMarker"]
            words["UploadIdMarker"] = page["NextUploadIdMarker"]

    def _found(self, name: str, head: dict[str, Any]) -> StoredObject:
        return StoredObject(
            name,
            head["ContentLength"],
            crc32c_in(head),
            stored_at=moment_of(head),
            generation=generation_of(head),
        )
