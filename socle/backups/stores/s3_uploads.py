"""What is sent to S3: whole, or as a stream in parts that appear together."""

import base64
import logging
from contextlib import closing
from typing import Any

import google_crc32c

from socle.backups.exceptions import (
    BackupError,
    ObjectDamaged,
    ObjectExists,
    StoreRefused,
    StoreUnavailable,
)
from socle.backups.stores.interface import StoredObject
from socle.backups.stores.s3_requests import Requests
from socle.backups.stores.s3_responses import crc32c_in, etag_of
from socle.backups.stores.stored_checksums import crc32c_of, md5_of

logger = logging.getLogger(__name__)

SMALLEST_PART_BYTES = 16 << 20
PARTS_OF_A_SIZE = 1000


def part_bytes(earlier_parts: int) -> int:
    """At most 10,000 parts are allowed; these make 587 GB, in little memory."""
    return SMALLEST_PART_BYTES << min(earlier_parts // PARTS_OF_A_SIZE, 2)


def put_whole(requests: Requests, name: str, *, data: bytes) -> StoredObject:
    """Raises ObjectExists, and ObjectDamaged for what did not arrive as it was."""
    md5, crc32c = md5_of(data), crc32c_of(data)
    answer = requests.ask(
        requests.client.put_object,
        name=name,
        may_be_done=True,
        Body=data,
        ContentType="application/octet-stream",
        ContentMD5=base64.b64encode(md5).decode(),
        ChecksumCRC32C=crc32c,
        IfNoneMatch="*",
    )
    if not answer:
        if _read(requests, name) != data:
            raise ObjectExists(f"{requests.url}/{name} exists already.")
        return StoredObject(name, len(data), crc32c)
    _check(requests, name, answer=answer, crc32c=crc32c, etag=md5.hex())
    return StoredObject(name, len(data), crc32c_in(answer))


class S3Upload:
    """
    A stream. Its parts are invisible until `finish`, and are gone after `abandon`.

    After a failure it takes nothing more: half a stream must not be finished.
    """

    def __init__(self, requests: Requests, name: str):
        self._requests = requests
        self._name = name
        self._id = ""
        self._buffer = bytearray()
        self._size_bytes = 0
        self._crc32c: Any = google_crc32c.Checksum()
        self._parts: list[dict[str, Any]] = []
        self._digests = b""
        self._has_failed = False

    def write(self, data: bytes) -> int:
        if self._has_failed:
            raise StoreUnavailable("The upload failed before; nothing was stored.")
        self._has_failed = True
        rest = memoryview(data)
        while rest:
            wanted = part_bytes(len(self._parts))
            room = wanted - len(self._buffer)
            self._buffer += rest[:room]
            rest = rest[room:]
            if len(self._buffer) == wanted:
                self._send_part()
        self._has_failed = False
        return len(data)

    def finish(self) -> None:
        if self._has_failed:
            raise StoreUnavailable("The upload failed before; nothing was stored.")
        if not self._id:
            put_whole(self._requests, self._name, data=bytes(self._buffer))
            return
        if self._buffer:
            self._send_part()
        self._complete()

    def copy_part(self, place: dict[str, str], *, start: int, end: int) -> None:
        """The bytes from `start` to before `end` of another object of the server."""
        answer = self._ask_for_part(
            self._requests.client.upload_part_copy,
            CopySource=place,
            CopySourceRange=f"bytes={start}-{end - 1}",
        )
        result = answer.get("CopyPartResult", {})
        if not result.get("ETag"):
            raise StoreRefused(
                f"{self._requests.url} cannot copy an object of over 5 GiB by itself."
            )
        self._crc32c = None  # of the whole: not known here
        self._size_bytes += end - start
        self._keep_part(result)

    def abandon(self) -> None:
        if not self._id:
            return
        requests = self._requests
        try:
            requests.ask(
                requests.client.abort_multipart_upload,
                name=self._name,
                may_be_done=True,
                UploadId=self._id,
            )
        except BackupError as error:
            logger.warning(
                "The parts of %s/%s, never seen, are left over: %s",
                requests.url,
                self._name,
                error,
            )

    def _send_part(self) -> None:
        data = bytes(self._buffer)
        self._buffer = bytearray()
        md5, crc32c = md5_of(data), crc32c_of(data)
        answer = self._ask_for_part(
            self._requests.client.upload_part,
            Body=data,
            ContentMD5=base64.b64encode(md5).decode(),
            ChecksumCRC32C=crc32c,
        )
        _check(self._requests, self._name, answer=answer, crc32c=crc32c, etag=md5.hex())
        self._crc32c.update(data)
        self._size_bytes += len(data)
        self._keep_part(answer)

    def _ask_for_part(self, operation: Any, **words: Any) -> dict[str, Any]:
        if not self._id:
            self._id = self._requests.ask(
                self._requests.client.create_multipart_upload,
                name=self._name,
                ContentType="application/octet-stream",
                ChecksumAlgorithm="CRC32C",
                ChecksumType="FULL_OBJECT",
            )["UploadId"]
        return self._requests.ask(
            operation,
            name=self._name,
            UploadId=self._id,
            PartNumber=len(self._parts) + 1,
            **words,
        )

    def _keep_part(self, answer: dict[str, Any]) -> None:
        part = {"PartNumber": len(self._parts) + 1, "ETag": answer["ETag"]}
        if crc32c := answer.get("ChecksumCRC32C"):
            part["ChecksumCRC32C"] = crc32c
        self._parts.append(part)
        etag = etag_of(answer)
        self._digests += bytes.fromhex(etag) if len(etag) == 32 else b""

    def _complete(self) -> None:
        crc32c = (
            base64.b64encode(self._crc32c.digest()).decode() if self._crc32c else ""
        )
        words = {"ChecksumCRC32C": crc32c} if crc32c else {}
        answer = self._requests.ask(
            self._requests.client.complete_multipart_upload,
            name=self._name,
            may_be_done=True,
            UploadId=self._id,
            MultipartUpload={"Parts": self._parts},
            ChecksumType="FULL_OBJECT",
            MpuObjectSize=self._size_bytes,
            IfNoneMatch="*",
            **words,
        )
        if not answer:
            self._recognise(crc32c=crc32c)
            return
        etag = f"{md5_of(self._digests).hex()}-{len(self._parts)}"
        _check(self._requests, self._name, answer=answer, crc32c=crc32c, etag=etag)

    def _recognise(self, *, crc32c: str) -> None:
        """Ours, if the answer to an earlier try was lost; its parts are proven."""
        head = self._requests.head(self._name)
        found = crc32c_in(head) if crc32c else ""
        if head["ContentLength"] != self._size_bytes or found not in ("", crc32c):
            raise ObjectExists(f"{self._requests.url}/{self._name} exists already.")


def _read(requests: Requests, name: str) -> bytes:
    answer = requests.ask(requests.client.get_object, name=name)
    with closing(answer["Body"]) as body, requests.translated(name):
        data: bytes = body.read()
        return data


def _check(
    requests: Requests, name: str, *, answer: dict[str, Any], crc32c: str, etag: str
) -> None:
    """By the crc32c of the answer, else by an ETag that is made of md5."""
    said, meant = crc32c_in(answer), crc32c
    if not said or not crc32c:
        said, meant = etag_of(answer), etag
    if said and said != meant:
        with requests.translated(name):
            requests.client.delete_object(
                Bucket=requests.bucket, Key=requests.key(name)
            )
        raise ObjectDamaged(
            f"{requests.url}/{name} was sent with the checksum {meant} and arrived "
            f"with {said}. Run it again: ./google_storage.sh -b"
        )
