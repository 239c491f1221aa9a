"""Google Cloud Storage, or the emulator that speaks its language."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any
from uuid import uuid4

import urllib3

from socle.backups.exceptions import (
    ObjectDamaged,
    ObjectExists,
    ObjectMissing,
    StoreRefused,
)
from socle.backups.stores.downloads import Answer, ObjectDownload
from socle.backups.stores.google_account import ServiceAccount
from socle.backups.stores.google_errors import translated
from socle.backups.stores.google_http import GoogleRequest, GoogleSession, quoted
from socle.backups.stores.google_responses import (
    FIELDS,
    described,
    facts_in,
    proof_in,
    whole_size,
)
from socle.backups.stores.google_uploads import GoogleUpload
from socle.backups.stores.interface import Reader, Store, StoredObject, Writer
from socle.backups.stores.retry import Patience
from socle.backups.stores.stored_checksums import crc32c_of

_JSON = {"Content-Type": "application/json"}
_BYTES = {"Content-Type": "application/octet-stream"}


class GoogleStore:
    """Objects of one bucket, below `prefix`."""

    def __init__(
        self, account: ServiceAccount, *, bucket: str, prefix: str, patience: Patience
    ):
        self._account = account
        self._bucket = bucket
        self._prefix = f"{prefix}/" if prefix else ""
        self._path = f"/storage/v1/b/{quoted(bucket)}"
        self._session = GoogleSession(
            account, bucket=bucket, url=self.url, patience=patience
        )

    @property
    def url(self) -> str:
        return f"gs://{self._bucket}/{self._prefix}".rstrip("/")

    def prepare(self) -> str:
        if not self._account.is_emulated:
            return f"Google Cloud Storage is asked for {self.url}."
        host = self._account.endpoint
        there = GoogleRequest("GET", self._address(self._path), success=(200, 404))
        if self._session.answer(there).status == 200:
            return f"The emulator at {host} has the bucket {self._bucket}."
        address = self._address("/storage/v1/b", project="local")
        body = json.dumps({"name": self._bucket}).encode()
        self._session.answer(GoogleRequest("POST", address, headers=_JSON, body=body))
        return f"Made the bucket {self._bucket} in the emulator at {host}."

    def find(self, name: str) -> StoredObject | None:
        address = self._address(self._object(name), fields=FIELDS)
        try:
            return self._stored(
                self._session.answer(GoogleRequest("GET", address, name))
            )
        except ObjectMissing:
            return None

    def list(self, prefix: str) -> Iterator[StoredObject]:
        token = ""
        while True:
            address = self._address(
                f"{self._path}/o",
                prefix=self._prefix + prefix,
                fields=f"items({FIELDS}),nextPageToken",
                pageToken=token,
            )
            page = self._facts(self._session.answer(GoogleRequest("GET", address)))
            for item in page.get("items", []):
                yield described(item, prefix=self._prefix)
            token = page.get("nextPageToken", "")
            if not token:
                return

    def put(self, name: str, data: bytes) -> StoredObject:
        address = self._address(
            f"/upload{self._path}/o",
            uploadType="multipart",
            ifGenerationMatch="0",
            fields=FIELDS,
        )
        mark = uuid4().hex
        about = {"name": self._prefix + name, "crc32c": crc32c_of(data)}
        body = (
            f"--{mark}\r\nContent-Type: application/json\r\n\r\n{json.dumps(about)}\r\n"
            f"--{mark}\r\nContent-Type: application/octet-stream\r\n\r\n"
        ).encode() + b"%b\r\n--%b--\r\n" % (data, mark.encode())
        headers = {"Content-Type": f"multipart/related; boundary={mark}"}
        question = GoogleRequest("POST", address, name, headers=headers, body=body)
        answer = self._session.ask(question, may_be_done=True)
        if answer is not None:
            return self._stored(answer)
        found = self.find(name)
        if found is None or found.crc32c != about["crc32c"]:
            raise ObjectExists(f"{self.url}/{name} exists already.")
        return found

    @contextmanager
    def create(self, name: str) -> Iterator[Writer]:
        # The precondition alone would do, but old emulators ignore it for streams.
        self._check_free(name)
        address = self._address(
            f"/upload{self._path}/o",
            uploadType="resumable",
            ifGenerationMatch="0",
            name=self._prefix + name,
        )
        begin = GoogleRequest("POST", address, name, headers=_BYTES)
        upload = GoogleUpload(
            self._session, name=name, begin=begin, find=lambda: self.find(name)
        )
        try:
            yield upload
            stored = upload.finish()
        except BaseException:
            upload.abandon()
            raise
        if stored.crc32c != upload.crc32c():
            self.delete(name, generation=stored.generation)
            raise ObjectDamaged(
                f"{self.url}/{name} was sent with the crc32c {upload.crc32c()} and "
                f"arrived with {stored.crc32c}. Run it again: ./google_storage.sh -b"
            )

    def copy(self, name: str, *, source: Store, source_name: str) -> StoredObject:
        if not isinstance(source, GoogleStore):
            raise StoreRefused(
                f"{source.url} is no bucket of Google, as {self.url} is."
            )
        before = source.find(source_name)
        if before is None:
            raise ObjectMissing(f"{source.url}/{source_name} is not there.")
        self._check_free(name)
        self._rewrite(source._object(source_name), to=name)
        after = self.find(name)
        if after is None or after.crc32c != before.crc32c:
            raise ObjectDamaged(
                f"{self.url}/{name} differs from {source.url}/{source_name}, which the "
                "store copied. Run it again: ./google_storage.sh -b"
            )
        return after

    def _rewrite(self, source: str, *, to: str) -> None:
        """In steps, between which Google hands out a token."""
        path = f"{source}/rewriteTo{self._object(to).removeprefix('/storage/v1')}"
        token = ""
        while True:
            address = self._address(path, ifGenerationMatch="0", rewriteToken=token)
            answer = self._session.ask(
                GoogleRequest("POST", address, to, headers=_JSON), may_be_done=True
            )
            step = self._facts(answer) if answer else {}
            token = str(step.get("rewriteToken", ""))
            if not token:
                return

    def read(self, name: str) -> bytes:
        address = self._address(f"/download{self._object(name)}", alt="media")
        answer = self._session.answer(GoogleRequest("GET", address, name))
        proof = proof_in(answer)
        proof.update(answer.data)
        if not proof.is_met():
            raise ObjectDamaged(
                f"{self.url}/{name} is damaged: its bytes do not fit the store's own "
                "checksum. Other backups: ./google_storage.sh -l"
            )
        return answer.data

    @contextmanager
    def open(self, name: str) -> Iterator[Reader]:
        pinned: dict[str, str] = {}

        def ask(position: int) -> Answer:
            path = f"/download{self._object(name)}"
            address = self._address(path, alt="media", **pinned)
            headers = {"Range": f"bytes={position}-"} if position else {}
            question = GoogleRequest("GET", address, name, headers=headers)
            response = self._session.send(question, is_stream=True)
            pinned["generation"] = response.headers.get("X-Goog-Generation", "")
            return Answer(response, whole_size(response), proof_in(response))

        source = ObjectDownload(
            ask,
            what=f"{self.url}/{name}",
            patience=self._session.patience,
            translated=lambda: translated(self.url),
        )
        try:
            yield source
        finally:
            source.close()

    def delete(self, name: str, *, generation: str = "") -> None:
        # The precondition alone would do, but the emulator ignores it.
        found = self.find(name) if generation else None
        if found and found.generation != generation:
            raise ObjectExists(
                f"{self.url}/{name} is a newer object than the one meant."
            )
        address = self._address(self._object(name), ifGenerationMatch=generation)
        self._session.ask(GoogleRequest("DELETE", address, name), may_be_done=True)

    def tidy(self, prefix: str, *, before: datetime) -> int:
        return 0  # Google forgets unfinished uploads by itself after a week

    def _check_free(self, name: str) -> None:
        if self.find(name):
            raise ObjectExists(f"{self.url}/{name} exists already.")

    def _object(self, name: str) -> str:
        return f"{self._path}/o/{quoted(self._prefix + name)}"

    def _address(self, path: str, **query: str) -> str:
        return self._session.address(path, **query)

    def _facts(self, answer: urllib3.BaseHTTPResponse) -> dict[str, Any]:
        return facts_in(answer, url=self.url)

    def _stored(self, answer: urllib3.BaseHTTPResponse) -> StoredObject:
        return described(self._facts(answer), prefix=self._prefix)
