"""The real nginx, with the site's templates, before a Django that sends no file."""

import base64
import http.client
import socket
import time

import pytest

from gallery.media_links import link, signed
from gallery.models import Gallery, Upload
from gallery.resumable import incoming_path
from gallery.tests.stored import bytes_of, stored_photo
from socle.embedded.nginx import Nginx
from socle.embedded.testing import free_port, running

TOKEN = "a" * 32
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


class Visitor:
    def __init__(self, port, cookies=""):
        self.port = port
        self.headers = {"Cookie": f"{cookies}csrftoken={TOKEN}", "X-CSRFToken": TOKEN}

    def ask(self, method, path, *, body=None, **headers):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, path, body=body, headers=self.headers | given)
        answer = connection.getresponse()
        answer.content = answer.read()
        connection.close()
        return answer

    def get(self, path, **headers):
        return self.ask("GET", path, **headers)


@pytest.fixture
def nginx(live_server, settings, media, tmp_path):
    settings.MEDIA_BY_NGINX = True
    settings.ALLOWED_HOSTS = ["*"]
    server = Nginx(
        folder=tmp_path / "nginx",
        port=free_port(),
        web_port=live_server.thread.port,
        media=media,
        environment={"MEDIA_LINK_KEY": settings.MEDIA_LINK_KEY},
    )
    server.folder.mkdir()
    for folder in [*tmp_path.parents, tmp_path]:
        if folder.stat().st_uid == tmp_path.stat().st_uid and len(folder.parts) > 2:
            folder.chmod(folder.stat().st_mode | 0o111)
    with running(server, "nginx", log=tmp_path / "nginx.log"):
        yield server


@pytest.fixture
def stranger(nginx):
    return Visitor(nginx.port)


@pytest.fixture
def member(nginx, client, photographer):
    client.force_login(photographer)
    client.get("/")  # the first answer brings the tokens
    cookies = "".join(f"{name}={one.value}; " for name, one in client.cookies.items())
    return Visitor(nginx.port, cookies)


@pytest.fixture
def private(photographer):
    visibility = Gallery.Visibility.PRIVATE
    return Gallery.objects.create(
        name="Home", owner=photographer, visibility=visibility
    )


@pytest.fixture
def photo(private, photographer):
    return stored_photo(private, photographer)


def address(photo, variant="thumbnail"):
    return link(photo, variant)


def test_nginx_sends_a_rendition_by_its_signed_link_alone(stranger, photo):
    answer = stranger.get(address(photo))

    assert answer.status == 200
    assert answer.content == bytes_of(photo.thumbnail)
    assert answer.headers["Content-Type"] == "image/webp"
    assert answer.headers["Cache-Control"] == "private, max-age=900"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers.get_all("Content-Security-Policy") == [
        "default-src 'none'; sandbox"
    ]
    assert answer.headers["Content-Encoding"] is None


def test_parts_and_known_versions_of_a_rendition_are_answered(stranger, photo):
    whole = stranger.get(address(photo))
    part = stranger.get(address(photo), Range="bytes=5-9")
    etag = whole.headers["ETag"]

    assert (part.status, part.content) == (206, whole.content[5:10])
    assert stranger.get(address(photo), If_None_Match=etag).status == 304
    modified = whole.headers["Last-Modified"]
    assert stranger.get(address(photo), If_Modified_Since=modified).status == 304
    same = stranger.get(address(photo), Range="bytes=0-3", If_Range=etag)
    other = stranger.get(address(photo), Range="bytes=0-3", If_Range='"other"')
    assert (same.status, other.status) == (206, 200)
    assert stranger.get(address(photo), Range="bytes=999999-").status == 416


def test_a_signature_is_good_for_its_own_file_and_time_alone(
    stranger, photo, private, photographer
):
    other = stored_photo(private, photographer, seed=2)
    good = address(photo)
    _, media, expires, signature, *rest = good.split("/")
    later = str(int(expires) + 900)
    forged = [
        good.replace(str(photo.pk), str(other.pk)).replace(
            f"/{photo.pk.hex[:2]}/", f"/{other.pk.hex[:2]}/"
        ),
        good.replace("thumbnail", "preview"),
        "/".join(["", media, later, signature, *rest]),
        "/".join(["", media, expires, "A" * 22, *rest]),
        signed(photo.original.name, now=time.time()),
        signed(photo.thumbnail.name, now=time.time() - 3600),
    ]

    assert stranger.get(good).status == 200
    for wrong in forged:
        answer = stranger.get(wrong)
        assert answer.status == 404, wrong
        assert b"RIFF" not in answer.content


def test_a_tab_that_was_left_open_is_led_to_a_fresh_link(member, stranger, photo):
    old = signed(photo.thumbnail.name, now=time.time() - 3600)

    answer = member.get(old)

    assert answer.status == 302
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert answer.headers["Location"].split("/")[4:] == old.split("/")[4:]
    assert stranger.get(answer.headers["Location"]).status == 200


def test_an_original_is_sent_by_nginx_to_those_who_may_see_it(
    member, stranger, photo, private
):
    original = address(photo, "original")

    answer = member.get(original)
    part = member.get(original, Range="bytes=10-19")

    assert (answer.status, answer.content) == (200, bytes_of(photo.original))
    assert answer.headers["Content-Type"] == "image/jpeg"
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Disposition"].startswith("inline; filename*=")
    assert answer.headers["Accept-Ranges"] == "bytes"
    assert (part.status, part.content) == (206, answer.content[10:20])
    assert stranger.get(original).status == 404
    private.visibility = Gallery.Visibility.PUBLIC
    private.save()
    shown = stranger.get(original)
    assert shown.status == 200
    assert shown.headers["Cache-Control"] == "private, max-age=300"


def test_the_internal_folders_are_nobodys_to_ask(member, photo):
    assert member.get(f"/protected-media/{photo.original.name}").status == 404
    assert member.get("/protected-downloads/x.zip").status == 404


@pytest.fixture
def upload(member, gallery):
    content = bytes(range(256)) * 40_000  # 10 MB
    return begun(member, gallery, len(content)), content


def begun(member, gallery, size, *, name=b"a.jpg"):
    answer = member.ask(
        "POST",
        f"/api/galleries/{gallery.slug}/uploads/",
        Upload_Length=str(size),
        Upload_Metadata=f"filename {base64.b64encode(name).decode()}",
    )
    assert answer.status == 201, answer.content
    return answer.headers["Location"]


def chunk_headers(offset):
    kind = "application/offset+octet-stream"
    return {"Content_Type": kind, "Upload_Offset": str(offset)}


@pytest.mark.parametrize("megabytes", [12, 100])
def test_clients_that_know_no_chunks_send_a_photo_at_once(member, gallery, megabytes):
    """As tus-js-client does, left to itself."""
    size = megabytes * 1024 * 1024
    where = begun(member, gallery, size)

    answer = member.ask("PATCH", where, body=bytes(size), **chunk_headers(0))

    assert (answer.status, answer.headers["Upload-Offset"]) == (204, str(size))
    assert Upload.objects.get().received_bytes == size


def test_a_chunk_that_is_too_large_is_refused_at_the_door(member, gallery):
    """A zip may be larger than what may come at once."""
    size = 102 * 1024 * 1024
    where = begun(member, gallery, size, name=b"a.zip")

    answer = member.ask("PATCH", where, body=bytes(size), **chunk_headers(0))

    assert answer.status == 413
    assert answer.headers["Content-Type"].startswith("application/problem+json")
    assert b"One chunk may have 100 MB" in answer.content
    told = member.ask("OPTIONS", f"/api/galleries/{gallery.slug}/uploads/")
    assert told.headers["Upload-Limit"] == f"max-append-size={100 * 1024 * 1024}"


def break_off(port, where, member, content, *, announced):
    """Send `content` as the beginning of a longer chunk, and hang up."""
    head = "".join(
        f"{name.replace('_', '-')}: {value}\r\n"
        for name, value in (member.headers | chunk_headers(0)).items()
    )
    start = f"PATCH {where} HTTP/1.1\r\nHost: localhost\r\n"
    with socket.create_connection(("127.0.0.1", port)) as line:
        line.sendall(f"{start}Content-Length: {announced}\r\n{head}\r\n".encode())
        line.sendall(content)
        time.sleep(0.5)


def test_a_slow_or_broken_chunk_never_reaches_the_site(member, nginx, upload):
    """It would hold one of the few threads that answer everybody."""
    where, content = upload

    break_off(nginx.port, where, member, content[:3_000_000], announced=8_000_000)

    head = member.ask("HEAD", where)
    assert head.headers["Upload-Offset"] == "0"
    chunk = content[:8_000_000]
    answer = member.ask("PATCH", where, body=chunk, **chunk_headers(0))
    assert (answer.status, answer.headers["Upload-Offset"]) == (204, "8000000")


def test_what_a_broken_connection_brought_is_kept_without_nginx(
    member, live_server, upload
):
    where, content = upload
    port = live_server.thread.port

    break_off(port, where, member, content[:3_000_000], announced=8_000_000)

    deadline = time.monotonic() + 30
    while not (came := Upload.objects.get().received_bytes):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert came == 3_000_000
    assert incoming_path(Upload.objects.get()).read_bytes() == content[:came]
    assert member.ask("HEAD", where).headers["Upload-Offset"] == "3000000"
