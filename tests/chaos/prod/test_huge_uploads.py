"""Ten gigabytes at once: refused before they are there."""

import http.client
import ssl
import time
from contextlib import closing
from urllib.parse import urlsplit

import pytest
from case import Promise

GIGABYTES_10 = 10 << 30
AT_ONCE_SECONDS = 15
# The limit of one request is 101 MB; what waits in buffers on the way comes to it.
MOST_TAKEN_BYTES = 150 << 20


@pytest.mark.quick
def test_an_upload_of_10_gigabytes_is_refused_at_once(site, case):
    words = "refused with a clear message within 15 s; the disk is not filled"
    one = case("Uploads of 10 GB, declared and endless", Promise(words))
    before = used_bytes(site)
    with one.under_load() as load:
        seconds = [
            refused_when_declared(load, "photo.jpg"),
            refused_when_declared(load, "photos.zip"),
            refused_by_its_length(load),
            refused_when_endless(load),
        ]
    one.note(f"refused after {', '.join(f'{value:.1f}' for value in seconds)} s")
    assert max(seconds) < AT_ONCE_SECONDS
    grown = used_bytes(site) - before
    assert grown < 200 << 20, f"{grown >> 20} MB more are used"


def refused_when_declared(load, name: str) -> float:
    """By the tus API, before a byte of it is sent."""
    encoded = {"photo.jpg": "cGhvdG8uanBn", "photos.zip": "cGhvdG9zLnppcA=="}[name]
    began = time.monotonic()
    answer = load.attempt(
        "POST",
        f"/api/galleries/{load.slug}/uploads/",
        headers={
            "Upload-Length": str(GIGABYTES_10),
            "Upload-Metadata": f"filename {encoded}",
        },
    )
    assert answer.status_code == 413, f"{answer.status_code} {answer.text[:300]}"
    assert "at most" in answer.text, answer.text[:300]
    return time.monotonic() - began


def refused_by_its_length(load) -> float:
    """By nginx: of the whole request it sees the head alone."""
    began = time.monotonic()
    with closing(connect(load)) as connection:
        announce(load, connection, "Content-Length", str(GIGABYTES_10))
        refuse_politely(connection)
    return time.monotonic() - began


def refused_when_endless(load) -> float:
    """A stream that says no length: it ends where the largest photo does."""
    began = time.monotonic()
    piece = (b"10000\r\n" + b"x" * 65536 + b"\r\n") * 16
    sent, answer = 0, b""
    with closing(connect(load)) as connection:
        announce(load, connection, "Transfer-Encoding", "chunked")
        while not answer:
            connection.send(piece)
            sent += len(piece)
            assert sent < MOST_TAKEN_BYTES, f"no answer after {sent >> 20} MB"
            answer = what_came(connection)
    assert answer.startswith(b"HTTP/1.1 413"), answer[:300]
    return time.monotonic() - began


def what_came(connection: http.client.HTTPSConnection) -> bytes:
    """So far; nothing if that is nothing."""
    connection.sock.settimeout(0.02)
    try:
        return connection.sock.recv(4096)
    except TimeoutError:
        return b""
    finally:
        connection.sock.settimeout(60)


def connect(load) -> http.client.HTTPSConnection:
    context = ssl._create_unverified_context()  # noqa: S323 - nginx' own certificate
    place = urlsplit(load.url).netloc
    return http.client.HTTPSConnection(place, context=context, timeout=60)


def announce(load, connection, name: str, value: str) -> None:
    connection.putrequest("POST", f"/api/galleries/{load.slug}/photos/")
    for header, content in (load.headers | {"Cookie": load.cookies}).items():
        connection.putheader(header, content)
    connection.putheader("Content-Type", "multipart/form-data; boundary=x")
    connection.putheader(name, value)
    connection.endheaders()


def refuse_politely(connection) -> None:
    answer = connection.getresponse()
    text = answer.read().decode()
    assert answer.status == 413, f"{answer.status} {text[:300]}"
    assert "100 MB at most" in text, text[:300]


def used_bytes(site) -> int:
    """On the disks where uploads are kept, and where nginx lets them wait."""
    media = site.stack.inside("web", "du", "-sb", "/media", check=False)
    nginx = site.stack.inside("nginx", "du", "-sb", "/var/cache/nginx", check=False)
    return sum(int(text.split()[0]) for text in (media, nginx))
