"""One suite that every store passes, then what is Google's alone."""

import base64
import json
import threading
import time
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import google_crc32c
import pytest

from socle.backups.exceptions import (
    ObjectExists,
    ObjectMissing,
    StoreRefused,
    StoreUnavailable,
)
from socle.backups.format.checksums import agrees
from socle.backups.stores import open_store
from socle.backups.tests.conftest import names_in

LARGE = bytes(range(256)) * 40_000  # more than one chunk of a resumable upload


@pytest.fixture
def another_store(any_store):
    """Of the same kind, elsewhere."""
    return open_store(any_store.url + "-other", patience_seconds=5)


def crc32c(data: bytes) -> str:
    return base64.b64encode(google_crc32c.Checksum(data).digest()).decode()


def test_put_stores_bytes_with_their_checksum(any_store):
    stored = any_store.put("a/b", b"some bytes")
    found = any_store.find("a/b")
    assert (found.name, found.size_bytes) == ("a/b", 10)
    assert found.crc32c == crc32c(b"some bytes")
    assert (stored.name, stored.size_bytes) == ("a/b", 10)
    assert stored.crc32c in ("", found.crc32c)
    assert stored.generation in ("", found.generation)
    assert any_store.read("a/b") == b"some bytes"


def test_put_overwrites_nothing(any_store):
    any_store.put("a/b", b"first")
    with pytest.raises(ObjectExists):
        any_store.put("a/b", b"second")
    assert any_store.read("a/b") == b"first"


@pytest.mark.parametrize("data", [b"", b"x", LARGE], ids=["empty", "small", "large"])
def test_a_stream_comes_back_as_it_was_sent(any_store, data):
    with any_store.create("stream") as target:
        for start in range(0, len(data), 1 << 20):
            target.write(data[start : start + (1 << 20)])
    found = any_store.find("stream")
    assert agrees(found, size_bytes=len(data), crc32c=crc32c(data))
    with any_store.open("stream") as source:
        pieces = iter(lambda: source.read(1 << 20), b"")
        assert b"".join(pieces) == data


@pytest.mark.parametrize("size", [10, len(LARGE)])
def test_a_stream_that_fails_leaves_nothing(any_store, size):
    def fail_half_way():
        with any_store.create("a/stream") as target:
            target.write(LARGE[:size])
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_half_way()
    assert any_store.find("a/stream") is None
    assert names_in(any_store) == []


def test_an_unfinished_stream_is_not_seen(any_store):
    with any_store.create("a/stream") as target:
        target.write(LARGE)
        assert names_in(any_store) == []
    assert names_in(any_store) == ["a/stream"]


def test_a_stream_overwrites_nothing(any_store):
    any_store.put("a", b"first")
    with pytest.raises(ObjectExists), any_store.create("a") as target:
        target.write(b"second")
    assert any_store.read("a") == b"first"


def test_what_is_missing_is_said_to_be_missing(any_store):
    any_store.put("other", b"")
    assert any_store.find("a/b") is None
    with pytest.raises(ObjectMissing, match="a/b"):
        any_store.read("a/b")
    with pytest.raises(ObjectMissing, match="a/b"), any_store.open("a/b") as source:
        source.read()
    with pytest.raises(ObjectMissing, match="a/b"):
        any_store.delete("a/b")


def test_list_gives_what_begins_with_the_prefix(any_store):
    for name in ("a/1", "a/b/2", "ab/3", "c"):
        any_store.put(name, b"1234")
    assert names_in(any_store, "a/") == ["a/1", "a/b/2"]
    assert names_in(any_store, "a") == ["a/1", "a/b/2", "ab/3"]
    assert [found.size_bytes for found in any_store.list("c")] == [4]
    assert names_in(any_store, "nothing/") == []


def test_a_name_may_be_odd(any_store):
    name = "é ☃/a b+c%20d&e=f#?;:@'\"*(x)~\\"
    any_store.put(name, b"whole")
    with any_store.create(f"{name}.stream") as target:
        target.write(LARGE)
    any_store.copy(f"{name}.copy", source=any_store, source_name=name)
    names = [name, f"{name}.copy", f"{name}.stream"]
    assert names_in(any_store, name) == sorted(names)
    assert any_store.read(f"{name}.copy") == b"whole"
    for one in names:
        any_store.delete(one, generation=any_store.find(one).generation)
    assert names_in(any_store) == []


def test_what_was_deleted_is_gone(any_store):
    any_store.put("a", b"1")
    any_store.delete("a")
    assert any_store.find("a") is None


def test_an_error_of_the_caller_is_not_taken_for_the_stores(any_store, tmp_path):
    with pytest.raises(FileNotFoundError), any_store.create("a"):
        (tmp_path / "not there").read_bytes()
    with pytest.raises(BrokenPipeError), any_store.create("a"):
        raise BrokenPipeError
    any_store.put("b", b"")
    with pytest.raises(FileNotFoundError), any_store.open("b"):
        (tmp_path / "not there").read_bytes()


@pytest.mark.parametrize(
    "url", ["", "gs://", "s3://", "s3:bucket", "file:relative", "/tmp"]
)
def test_open_store_refuses_another_form_of_url(url):
    with pytest.raises(StoreRefused, match="BACKUP_STORAGE_URL"):
        open_store(url)


def test_a_missing_bucket_is_named_with_the_way_out():
    store = open_store("gs://no-such-bucket-here", patience_seconds=1)
    with pytest.raises(StoreRefused, match="'no-such-bucket-here'.*google_storage.sh"):
        list(store.list(""))


def test_prepare_makes_the_emulators_bucket():
    store = open_store("gs://made-by-prepare")
    assert "Made the bucket" in store.prepare()
    assert "has the bucket" in store.prepare()
    assert names_in(store) == []


@pytest.mark.parametrize(
    "key", [{}, {"type": "service_account"}, [], "text", {"client_email": "a@b"}]
)
def test_an_unusable_key_is_refused(key):
    with pytest.raises(StoreRefused, match=r"google_storage\.sh -a KEYFILE"):
        open_store("gs://bucket", key=key)


def test_a_server_that_is_not_there_is_worth_another_try(monkeypatch):
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", "http://127.0.0.1:9")
    store = open_store("gs://bucket", patience_seconds=0.5)
    with pytest.raises(StoreUnavailable) as caught:
        list(store.list(""))
    message = str(caught.value)
    assert "Connection refused" in message
    assert "Max retries" not in message
    assert "gs://bucket cannot be reached" in message
    assert "./google_storage.sh -a" in message


@pytest.fixture
def answering(monkeypatch):
    """A server that gives the answers it is told to, one after the other."""
    answers: list[tuple[int, dict]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            status, body = answers.pop(0) if len(answers) > 1 else answers[0]
            data = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_POST = do_DELETE = do_GET

        def log_message(self, *args):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=[0.01], daemon=True).start()
    url = f"http://127.0.0.1:{server.server_address[1]}"
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", url)
    yield answers
    server.shutdown()
    server.server_close()


FORBIDDEN = {
    "error": {
        "code": 403,
        "message": "backup@x.iam does not have storage.objects.list access.",
    }
}


def test_a_missing_permission_names_the_role(answering):
    answering.append((403, FORBIDDEN))
    store = open_store("gs://bucket", patience_seconds=1)
    for ask in (lambda: list(store.list("")), lambda: store.put("a", b"")):
        with pytest.raises(StoreRefused, match="storage.objects.list.*Object Admin"):
            ask()


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_busy_store_is_asked_again(answering, status):
    answering += [(status, {}), (200, {"items": [{"name": "a", "size": "3"}]})]
    store = open_store("gs://bucket", patience_seconds=20)
    assert names_in(store) == ["a"]


def test_a_store_that_stays_busy_is_unavailable(answering):
    answering.append((503, {"error": {"message": "come back later"}}))
    store = open_store("gs://bucket", patience_seconds=0.5)
    with pytest.raises(StoreUnavailable, match="come back later"):
        list(store.list(""))
    with pytest.raises(StoreUnavailable):
        store.put("a", b"")


def test_an_object_says_when_it_was_stored(any_store):
    before = datetime.now(UTC) - timedelta(seconds=2)
    any_store.put("a", b"1")
    listed = next(iter(any_store.list("a")))
    found = any_store.find("a")
    assert before <= found.stored_at <= datetime.now(UTC) + timedelta(seconds=2)
    assert listed.stored_at == found.stored_at
    assert listed.generation == found.generation != ""


def test_only_the_generation_that_was_seen_is_deleted(any_store):
    any_store.put("a", b"1")
    old = any_store.find("a")
    any_store.delete("a")
    if any_store.url.startswith("s3:"):
        time.sleep(1.01)  # it tells equal bytes apart by the second
    any_store.put("a", b"1")
    new = any_store.find("a")
    assert new.generation != old.generation
    with pytest.raises(ObjectExists, match="newer"):
        any_store.delete("a", generation=old.generation)
    assert any_store.read("a") == b"1"
    any_store.delete("a", generation=new.generation)
    with pytest.raises(ObjectMissing):
        any_store.delete("a", generation=new.generation)


def test_a_copy_is_made_by_the_store_itself(any_store, another_store):
    another_store.put("from", LARGE)
    copied = any_store.copy("to", source=another_store, source_name="from")
    assert (copied.name, copied.size_bytes) == ("to", len(LARGE))
    assert any_store.find("to").crc32c == crc32c(LARGE)
    with pytest.raises(ObjectExists):
        any_store.copy("to", source=another_store, source_name="from")
    with pytest.raises(ObjectMissing, match="nothing"):
        any_store.copy("new", source=another_store, source_name="nothing")
    assert names_in(any_store) == ["to"]


def test_a_copy_from_another_kind_of_store_is_refused(store, folder_store):
    for target, source in ((store, folder_store), (folder_store, store)):
        with pytest.raises(StoreRefused, match="is no"):
            target.copy("a", source=source, source_name="a")


def test_a_folder_that_cannot_be_listed_is_not_taken_for_empty(folder_store, tmp_path):
    (tmp_path / "store").write_text("a file")
    with pytest.raises(StoreRefused):
        list(folder_store.list(""))
