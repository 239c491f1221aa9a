"""DEV and PROD start anywhere: their own images, TLS, a certificate of their own."""

import re
import ssl
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
import requests
from stack import Stack, installed
from waiting import wait_until

STYLE_SHEET = re.compile(r'href="(/static/[^"]+\.css)"')


@pytest.fixture(scope="module", params=["dev", "prod"])
def stage(engine, request) -> Iterator[Stack]:
    with installed(f"socletest{request.param}", stage=request.param) as stage:
        yield stage


@pytest.fixture
def trusting(stage, tmp_path):
    """Trusts the certificate that nginx made, and no other."""
    path = tmp_path / "certificate.pem"
    path.write_text(certificate(stage))
    return stage.visitor(verify=str(path))


def certificate(stage) -> str:
    address = urlsplit(stage.url)
    return ssl.get_server_certificate((address.hostname, address.port))


def plain_http(stage) -> str:
    lines = (stage.folder / ".env").read_text().splitlines()
    port = next(line for line in lines if line.startswith("HTTP_PORT=")).split("=")[1]
    return f"http://localhost:{port}"


def get_plainly(url: str) -> requests.Response:
    return requests.get(url, allow_redirects=False, timeout=20)


def test_plain_http_leads_to_tls_but_for_health_checks(stage, trusting):
    assert trusting.get("/sign-in/").status_code == 200

    moved = get_plainly(f"{plain_http(stage)}/a?b=c")
    assert moved.status_code == 301
    assert moved.headers["Location"] == f"{stage.url}/a?b=c"
    assert get_plainly(f"{plain_http(stage)}/health/ready").status_code == 200


def test_people_sign_in_and_their_cookies_stay_in_tls(stage, trusting):
    trusting.sign_in(stage.admin)

    assert trusting.get("/api/galleries/").status_code == 200
    assert trusting.get("/flower/").status_code == 200
    assert all(cookie.secure for cookie in trusting.session.cookies)


def test_a_photo_becomes_ready(stage, trusting):
    from photos import jpeg

    trusting.sign_in(stage.admin)
    slug = trusting.create_gallery("first")
    trusting.upload(slug, {"a.jpg": jpeg(seed=1)})

    photo = trusting.ready_photos(slug)["a.jpg"]
    assert trusting.bytes_of(photo["preview_url"])[8:12] == b"WEBP"


def test_developer_tools_are_off(stage, trusting):
    missing = trusting.get("/no-such-page")

    assert missing.status_code == 404
    assert "urlconf" not in missing.text.lower()
    running = set(stage.compose("ps", "--services").stdout.split())
    assert running.isdisjoint({"npm_watch", "storage"})


def test_static_files_are_kept_by_nginx_for_as_long_as_their_name(stage, trusting):
    path = STYLE_SHEET.search(trusting.get("/sign-in/").text)[1]
    answer = trusting.get(path)
    assert answer.status_code == 200
    assert "immutable" in answer.headers["Cache-Control"]

    stage.compose("stop", "web")
    try:
        assert trusting.bytes_of(path) == answer.content
    finally:
        stage.compose("start", "web")
        stage.wait_until_ready()


def test_the_certificate_outlives_the_container(stage, trusting):
    before = certificate(stage)

    stage.compose("up", "--detach", "--force-recreate", "--no-deps", "nginx")

    wait_until(
        lambda: trusting.get("/health/live").status_code == 200,
        within=20,
        what="nginx answers again",
    )
    assert certificate(stage) == before
