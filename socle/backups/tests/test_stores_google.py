"""What is Google's alone: tokens, pages, copies in steps, ways through a proxy."""

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
import urllib3
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from google.auth.credentials import Credentials
from google.auth.exceptions import RefreshError

from socle.backups.exceptions import ObjectDamaged, StoreRefused
from socle.backups.format.checksums import ObjectChecksums, check_stored
from socle.backups.stores import google_account
from socle.backups.stores.google import GoogleStore
from socle.backups.stores.retry import Patience
from socle.backups.stores.stored_checksums import crc32c_of
from socle.backups.tests.conftest import names_in
from socle.backups.tests.faults import ALWAYS, Answer, answered, replaced
from socle.embedded.testing import BUCKET


class Tokens(Credentials):
    """Of an account whose every token is taken back after a while."""

    def __init__(self):
        super().__init__()
        self.token = "token 0"
        self.refreshed = 0

    def refresh(self, request):
        self.refreshed += 1
        self.token = f"token {self.refreshed}"


@pytest.fixture
def signed(faulty_google):
    """A store whose server takes only the last token; with its credentials."""
    tokens = Tokens()
    account = replace(google_account.signed_in(None), credentials=tokens)
    valid = {"token": "token 1"}

    def checked(request, forward):
        if request.headers.get("authorization") != f"Bearer {valid['token']}":
            return Answer(401, body=b'{"error": {"message": "Invalid Credentials"}}')
        return forward(request)

    faulty_google.between.fail(checked, times=ALWAYS)
    store = GoogleStore(account, bucket=BUCKET, prefix="signed", patience=Patience(1))
    return store, tokens, valid


def test_a_token_that_was_taken_back_is_renewed_once(signed):
    store, tokens, _ = signed
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(store.find, ["nothing"] * 24)) == [None] * 24
    assert tokens.refreshed == 1


def test_an_account_that_is_shut_out_says_so(signed, faulty_google):
    store, tokens, valid = signed
    valid["token"] = "none"
    with pytest.raises(StoreRefused, match=r"Invalid Credentials.*-a KEYFILE"):
        list(store.list(""))
    assert tokens.refreshed == 1
    assert len(faulty_google.between.seen) == 2


def test_a_refused_signature_names_the_clock(signed, monkeypatch):
    store, tokens, _ = signed

    def refuse(request):
        raise RefreshError("invalid_grant: Token must be a short-lived token")

    monkeypatch.setattr(tokens, "refresh", refuse)
    with pytest.raises(StoreRefused, match="short-lived.*wrong clock"):
        list(store.list(""))


def test_each_object_is_sent_with_its_checksum(faulty_google):
    """Google refuses it if that differs; the emulator ignores it."""
    faulty_google.store.put("a", b"some bytes")
    with faulty_google.store.create("b") as target:
        target.write(b"some bytes")
    whole, *_, last = [one for one in faulty_google.between.seen if one.body]
    assert f'"crc32c": "{crc32c_of(b"some bytes")}"'.encode() in whole.body
    assert last.headers["X-Goog-Hash"] == f"crc32c={crc32c_of(b'some bytes')}"
    assert last.headers["Content-Range"] == "bytes 0-9/10"


def test_a_wrong_checksum_in_the_answer_takes_the_object_away(faulty_google):
    right = crc32c_of(b"some bytes")
    wrong = replaced(right.encode(), b"AAAAAA==")
    faulty_google.between.fail(wrong, method="POST")
    stored = faulty_google.store.put("a", b"some bytes")
    sent = ObjectChecksums(10, "", right)
    with pytest.raises(ObjectDamaged, match="AAAAAA=="):
        check_stored(faulty_google.store, "a", stored=stored, sent=sent)
    assert names_in(faulty_google.store) == []


def test_preconditions_are_in_the_requests(faulty_google):
    store = faulty_google.store
    store.put("a", b"1")
    with store.create("b") as target:
        target.write(b"1")
    store.copy("c", source=store, source_name="a")
    generation = store.find("a").generation
    store.delete("a", generation=generation)
    asked = [one.path for one in faulty_google.between.seen if one.method == "POST"]
    assert len(asked) == 3
    assert all("ifGenerationMatch=0" in path for path in asked)
    assert faulty_google.between.seen[-1].path.endswith(
        f"?ifGenerationMatch={generation}"
    )


def test_a_list_of_many_pages_is_read_to_its_end(faulty_google):
    prefix = faulty_google.store.url.removeprefix(f"gs://{BUCKET}/")
    first = {
        "items": [{"name": f"{prefix}/a", "size": "1"}],
        "nextPageToken": "there is more",
    }
    last = {"items": [{"name": f"{prefix}/z", "size": "1"}]}
    for page in (first, first, last):
        faulty_google.between.fail(answered(200, json.dumps(page).encode()))
    assert names_in(faulty_google.store) == ["a", "a", "z"]
    assert [
        "pageToken=there+is+more" in one.path for one in faulty_google.between.seen
    ] == [False, True, True]


def test_a_copy_in_steps_goes_on_with_its_token(faulty_google):
    store = faulty_google.store
    store.put("a", b"1")
    step = json.dumps({"done": False, "rewriteToken": "token"}).encode()
    faulty_google.between.fail(answered(200, step), path="rewriteTo", times=2)
    assert store.copy("b", source=store, source_name="a").size_bytes == 1
    steps = [one for one in faulty_google.between.seen if "rewriteTo" in one.path]
    assert [one.path.endswith("rewriteToken=token") for one in steps] == [
        False,
        True,
        True,
    ]


def test_an_answer_of_something_else_is_shown(faulty_google):
    faulty_google.between.fail(answered(200, b"<html>Log in to the hotel"), times=2)
    with pytest.raises(StoreRefused, match="hotel.*proxy"):
        list(faulty_google.store.list(""))
    with pytest.raises(StoreRefused, match="hotel.*proxy"):
        faulty_google.store.find("a")


def test_the_way_through_a_proxy_is_taken(monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", "http://user:pass@127.0.0.1:9")
    monkeypatch.setenv("NO_PROXY", "internal.example")
    made = google_account.connections(
        "https://storage.googleapis.com", answer_seconds=1
    )
    assert isinstance(made, urllib3.ProxyManager)
    assert "proxy-authorization" in made.proxy_headers
    inside = google_account.connections("https://internal.example", answer_seconds=1)
    assert not isinstance(inside, urllib3.ProxyManager)


def test_certificates_of_ones_own_are_trusted(monkeypatch, tmp_path):
    own = tmp_path / "own.pem"
    own.touch()
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(own))
    manager = google_account.connections(
        "https://storage.googleapis.com", answer_seconds=1
    )
    assert manager.connection_pool_kw["ca_certs"] == str(own)


def test_the_machines_own_account_is_asked_for_without_a_key(monkeypatch, tmp_path):
    monkeypatch.delenv("STORAGE_EMULATOR_HOST")
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "nothing"))
    with pytest.raises(StoreRefused, match=r"nothing was not found.*-a KEYFILE"):
        google_account.signed_in(None)


def test_the_emulator_may_be_named_without_its_scheme(monkeypatch):
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", "storage:4443")
    account = google_account.signed_in(None)
    assert (account.endpoint, account.is_emulated) == ("http://storage:4443", True)


def test_a_key_signs_in_as_its_account(monkeypatch):
    monkeypatch.delenv("STORAGE_EMULATOR_HOST")
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = private.private_bytes(
        Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()
    )
    key = {
        "client_email": "backup@project.iam.gserviceaccount.com",
        "token_uri": "https://oauth2.googleapis.com/token",
        "private_key": pem.decode(),
    }
    account = google_account.signed_in(key)
    assert account.endpoint == google_account.GOOGLE
    assert account.credentials.service_account_email == key["client_email"]
    assert account.credentials.scopes == google_account.SCOPES


def test_no_client_is_imported_that_is_not_needed():
    """boto3 takes a second, Google's client half of one: of every command."""
    code = (
        "import sys; from socle.backups.stores import open_store; "
        "assert 'google.auth' not in sys.modules, 'google.auth'; "
        "open_store('gs://bucket'); "
        "assert not {'boto3', 'requests', 'google.cloud.storage'} & sys.modules.keys()"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
