"""DEV and PROD: production's images behind TLS, with a certificate of our own."""

import http.client
import re
import ssl
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
import requests
from installation import installed
from photos import jpeg
from progress import timed
from stack import MINUTES_8, Stack
from visitor import Visitor
from waiting import wait_until

HASHED = re.compile(r'(?:src|href)="(/static/[^"]+)"')


@pytest.fixture(scope="module")
def dev(engine) -> Iterator[Stack]:
    with installed("socletesttls", stage="dev") as stack:
        yield stack


@pytest.fixture(scope="module")
def certificate(dev) -> str:
    return certificate_of(dev)


def certificate_of(stack: Stack) -> str:
    """The file of the certificate that nginx has made; nothing else is trusted."""
    file = stack.folder.parent / f"{stack.compose_file}.pem"
    file.write_text(stack.inside("nginx", "cat", "/certificates/fullchain.pem"))
    return str(file)


@pytest.fixture(scope="module")
def somebody(dev, certificate) -> Visitor:
    return dev.visitor(dev.admin, verify=certificate)


def test_http_leads_to_https(dev):
    answer = requests.get(
        f"{dev.plain_url}/galleries/new/?a=b", allow_redirects=False, timeout=10
    )

    assert answer.status_code == 301
    assert answer.headers["Location"] == f"{dev.url}/galleries/new/?a=b"


def test_health_answers_without_tls(dev):
    """The site answers under the names that it has, so a balancer sends one of them."""
    answer = requests.get(f"{dev.plain_url}/health/ready", timeout=10)

    assert answer.status_code == 200
    assert answer.json()["checks"]["database"] == {"state": "ok"}


def test_photos_are_drawn_behind_tls(somebody):
    slug = somebody.create_gallery("Behind TLS")
    content = jpeg(1800, 1200, seed=81)
    somebody.upload(slug, {"tls.jpg": content})

    photo = somebody.ready_photos(slug)["tls.jpg"]
    assert somebody.bytes_of(photo["original_url"]) == content
    assert somebody.bytes_of(photo["preview_url"])[:4] == b"RIFF"


def test_cookies_never_leave_tls(somebody):
    cookies = {cookie.name: cookie.secure for cookie in somebody.session.cookies}

    assert cookies == {"csrftoken": True, "access": True, "refresh": True}


def test_nobody_else_may_use_the_sites_name(dev, certificate):
    evil = {"Host": "evil.example"}
    answer = requests.get(dev.url, headers=evil, verify=certificate, timeout=10)

    assert answer.status_code == 400, answer.text[:300]
    assert "Traceback" not in answer.text
    assert "DEBUG" not in answer.text


def test_what_a_client_claims_about_itself_is_replaced(dev, certificate):
    claims = {"X-Forwarded-Proto": "http", "X-Forwarded-Host": "evil.example"}
    answer = dev.visitor(verify=certificate).get("/account/", headers=claims)

    assert answer.status_code == 302, answer.text[:300]
    assert answer.headers["Location"].startswith("/sign-in/")


def test_a_missing_page_shows_nothing_of_the_inside(somebody):
    answer = somebody.get("/galleries/there-is-none/")

    assert answer.status_code == 404
    assert "Traceback" not in answer.text
    assert "URLconf" not in answer.text


def test_static_files_are_named_by_content_and_kept_for_a_year(somebody):
    slug = somebody.create_gallery("Static")
    names = HASHED.findall(somebody.get(f"/galleries/{slug}/").text)

    assert names, "the page names no static file"
    for name in names:
        answer = somebody.get(name)
        assert answer.status_code == 200, name
        assert "immutable" in answer.headers["Cache-Control"], name


def test_nginx_keeps_static_files_while_the_site_is_away(dev, somebody):
    (path, *_) = HASHED.findall(somebody.get("/").text)
    before = somebody.bytes_of(path)

    dev.compose("stop", "web")
    try:
        assert somebody.bytes_of(path) == before
        assert somebody.get("/").status_code == 503
    finally:
        dev.compose("start", "web")
        dev.wait_until_ready()


def test_the_developers_services_are_not_here(dev):
    running = set(dev.compose("ps", "--services").stdout.split())

    assert {"web", "worker", "cron", "nginx"} <= running
    assert running.isdisjoint({"npm_watch", "storage"})


def test_flower_has_its_door_here_as_well(dev, somebody, certificate):
    stranger = dev.visitor(verify=certificate).get("/flower/api/tasks")

    assert stranger.status_code == 302, stranger.text[:300]
    assert somebody.get("/flower/api/tasks").status_code == 200


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
def test_old_tls_is_refused(dev, certificate):
    context = ssl.create_default_context(cafile=certificate)
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = ssl.TLSVersion.TLSv1
    context.maximum_version = ssl.TLSVersion.TLSv1_1
    place = urlsplit(dev.url).netloc
    connection = http.client.HTTPSConnection(place, context=context, timeout=10)

    with pytest.raises(ssl.SSLError):
        connection.request("GET", "/health/live")


def test_the_certificate_stays_when_nginx_is_made_anew(dev, certificate):
    dev.compose("up", "-d", "--wait", "--no-deps", "--force-recreate", "nginx")

    visitor = dev.visitor(verify=certificate)  # the old one, and no other
    wait_until(
        lambda: visitor.get("/sign-in/").status_code == 200,
        within=20,
        what="nginx answers with the certificate that it had",
    )


def test_the_code_in_the_image_cannot_be_changed(dev):
    done = dev.compose("exec", "-T", "web", "touch", "/app/new", check=False)

    assert done.returncode != 0
    assert "Read-only file system" in done.stderr, done.stderr


def test_prod_starts_from_the_same_images(dev):
    """Last: it takes the ports over from DEV."""
    dev.compose("stop", "--timeout", "5")
    image = dev.container("web")["Image"]
    prod = Stack(dev.project, dev.folder, dev.url, "prod.yml")
    try:
        command = ("up", "--detach", "--wait", "--no-build")
        timed("prod.yml up --wait", prod.compose, *command, timeout=MINUTES_8)

        prod.wait_until_ready(within=20)
        page = prod.visitor(verify=certificate_of(prod)).get("/sign-in/")
        assert page.status_code == 200, page.text[:300]
        assert prod.container("web")["Image"] == image
        stage = "import config.settings as s; print(s.ENVIRONMENT, s.DEBUG)"
        assert prod.inside("web", "python", "-c", stage).split() == ["prod", "False"]
        assert prod.sql("SELECT count(*) FROM gallery_photo") == "0", "DEV's data"
    finally:
        prod.compose("down", "--volumes", "--remove-orphans")
