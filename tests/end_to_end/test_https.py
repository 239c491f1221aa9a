"""DEV and PROD: production's images behind TLS, with a certificate of our own."""

import http.client
import json
import re
import ssl
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import pytest
import requests
from photos import jpeg
from stack import Stack
from visitor import Visitor
from waiting import wait_until

HASHED = re.compile(r'(?:src|href)="(/static/[^"]+)"')


@pytest.fixture(scope="module")
def certificate(dev) -> str:
    return certificate_of(dev)


def certificate_of(stack: Stack) -> str:
    """The file of the certificate that nginx has made; nothing else is trusted."""
    file = stack.folder.parent / f"{stack.compose_file}.pem"
    file.write_text(stack.inside("nginx", "cat", "/certificates/fullchain.pem"))
    return str(file)


@pytest.fixture(scope="module")
def password(dev) -> str:
    return (dev.folder / "secrets/values/dev_password").read_text()


@pytest.fixture
def stranger(dev, certificate, password) -> Visitor:
    """Somebody who knows DEV's password, and has no account."""
    return dev.visitor(verify=certificate, password_of_dev=password)


@pytest.fixture(scope="module")
def somebody(dev, certificate, password) -> Visitor:
    return dev.visitor(dev.admin, verify=certificate, password_of_dev=password)


@pytest.fixture(scope="module")
def member(dev, certificate, password) -> Visitor:
    person = dev.make_person("member-of-dev", staff=False)
    return dev.visitor(person, verify=certificate, password_of_dev=password)


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

    names = {"csrftoken", "access", "refresh", "sessionid"}
    assert cookies == dict.fromkeys(names, True)


@pytest.mark.parametrize("path", ["/", "/sign-in/", "/health/../"])
def test_for_a_name_that_is_not_the_sites_nginx_hangs_up(dev, certificate, path):
    evil = {"Host": "evil.example"}
    for url in (dev.url, dev.plain_url):
        with pytest.raises(requests.ConnectionError):
            requests.get(url + path, headers=evil, verify=certificate, timeout=10)


def test_a_balancer_asks_by_address_without_password(dev):
    by_address = {"Host": "10.0.0.7"}
    answer = requests.get(
        f"{dev.plain_url}/health/live", headers=by_address, timeout=10
    )

    assert (answer.status_code, answer.text) == (200, "alive")


@pytest.mark.parametrize("path", ["/", "/api/galleries/", "/static/x.js", "/admin/"])
def test_dev_is_closed_and_hidden(dev, certificate, path):
    answer = dev.visitor(verify=certificate).get(path)

    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == 'Basic realm="DEV"'
    assert answer.headers["X-Robots-Tag"] == "noindex, nofollow"


def test_a_token_opens_the_api_in_the_place_of_devs_password(
    dev, certificate, stranger
):
    known = {"email": dev.admin.email, "password": dev.admin.password}
    tokens = stranger.request("POST", "/api/auth/tokens/", json=known)
    assert tokens.status_code == 200, tokens.text[:300]
    bearer = {"Authorization": f"Bearer {tokens.json()['access']}"}
    client = dev.visitor(verify=certificate)

    assert client.get("/api/account/", headers=bearer).status_code == 200
    forged = {"Authorization": "Bearer aaaa.bbbb.cccc"}
    assert client.get("/api/galleries/", headers=forged).status_code == 401
    assert client.get("/", headers=bearer).status_code == 401


def test_a_request_has_one_name_at_the_client_and_in_the_log(dev, stranger):
    answer = stranger.get("/sign-in/?token=c0ffee", headers={"X-Request-ID": "mine"})

    name = answer.headers["X-Request-ID"]
    assert len(name) == 32

    def lines_of_it() -> list[str]:
        return [one for one in dev.logs("nginx", tail=50).splitlines() if name in one]

    (line,) = wait_until(lines_of_it, within=10, what="it is logged")
    logged = json.loads(line[line.index("{") :])
    assert (logged["path"], logged["status"]) == ("/sign-in/", 200)
    assert "c0ffee" not in dev.logs("nginx", tail=50)


def test_the_headers_of_a_page_say_what_it_may(stranger):
    headers = stranger.get("/sign-in/").headers

    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert "camera=()" in headers["Permissions-Policy"]
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Server"] == "nginx"
    assert "Strict-Transport-Security" not in headers, "the certificate is our own"


def test_a_gallery_of_hundreds_of_thumbnails_loads_at_once(somebody):
    """From one address; PROD's limits are the same."""
    slug = somebody.create_gallery("Many at once")
    somebody.upload(slug, {"one.jpg": jpeg(800, 600, seed=82)})
    link = somebody.ready_photos(slug)["one.jpg"]["thumbnail_url"]

    with ThreadPoolExecutor(32) as pool:
        asked = [pool.submit(somebody.get, link) for _ in range(250)]
        assert {one.result().status_code for one in asked} == {200}


def test_what_a_client_claims_about_itself_is_replaced(stranger):
    claims = {"X-Forwarded-Proto": "http", "X-Forwarded-Host": "evil.example"}
    answer = stranger.get("/account/", headers=claims)

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
    (script, *_) = [name for name in names if name.endswith(".js")]
    for form in ("br", "gzip"):
        answer = somebody.get(script, headers={"Accept-Encoding": form})
        assert answer.headers["Content-Encoding"] == form


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


WAYS_IN = ("/sign-in/?next=/", "/admin/login/?next=/")
INSIDE = ["/flower/", "/flower/api/tasks", "/flower/metrics", "/admin/", "/api/docs/"]


@pytest.mark.parametrize("path", INSIDE)
def test_what_is_for_operators_is_closed_to_strangers(stranger, path):
    answer = stranger.get(path)

    assert answer.status_code in {302, 401}, answer.text[:300]
    if answer.status_code == 302:
        assert answer.headers["Location"].startswith(WAYS_IN)


@pytest.mark.parametrize("path", INSIDE)
def test_what_is_for_operators_is_closed_to_members(member, path):
    answer = member.get(path)
    if answer.status_code == 302:
        answer = member.get(answer.headers["Location"])

    assert answer.status_code == 403, answer.text[:300]


def test_operators_look_at_flower_and_superusers_act(dev, somebody, member):
    role = (
        "from django.contrib.auth.models import Group; "
        "from accounts.models import User; "
        "User.objects.get(email='member-of-dev@example.com').groups.set("
        "[Group.objects.get(name='operator')])"
    )
    dev.inside("web", "python", "manage.py", "shell", "--command", role)
    act = "/flower/api/worker/pool/grow/celery@nobody"

    assert member.get("/flower/api/tasks").status_code == 200
    assert member.post(act).status_code == 403
    assert somebody.post(act).status_code == 404, "Flower knows no such worker"


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


def test_the_certificate_stays_when_nginx_is_made_anew(dev, stranger):
    dev.compose("up", "-d", "--wait", "--no-deps", "--force-recreate", "nginx")

    wait_until(  # by the old certificate: it trusts no other
        lambda: stranger.get("/sign-in/").status_code == 200,
        within=20,
        what="nginx answers with the certificate that it had",
    )


def test_the_code_in_the_image_cannot_be_changed(dev):
    done = dev.compose("exec", "-T", "web", "touch", "/app/new", check=False)

    assert done.returncode != 0
    assert "Read-only file system" in done.stderr, done.stderr
