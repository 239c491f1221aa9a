"""What nginx lets through, to whom and how much of it: the real one, without Docker."""

import http.client
import socket
import ssl
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from socle.embedded.tests.edge import HTTPS, PROXIED, Edge, edge_of, nginx_in

BASIC = {"Authorization": "Basic ZGV2OmEtcGFzc3dvcmQ="}  # dev:a-password
BEARER = {"Authorization": "Bearer aaa.bbb.ccc"}
HUNG_UP = (http.client.RemoteDisconnected, ConnectionError, ssl.SSLError)


@pytest.fixture(scope="module")
def password(tmp_path_factory):
    file = tmp_path_factory.mktemp("secrets") / "dev_password"
    file.write_text("a-password\n")
    return str(file)


@pytest.fixture(scope="module")
def https():
    with edge_of(**HTTPS, REQUESTS_IN_FLIGHT="3") as edge:
        yield edge


@pytest.fixture
def limited():
    """With counters that nobody else has used."""
    with edge_of(**HTTPS, REQUESTS_PER_SECOND="1", REQUESTS_IN_FLIGHT="3") as edge:
        yield edge


@pytest.fixture(scope="module")
def local():
    with edge_of() as edge:
        yield edge


@pytest.fixture(scope="module")
def proxied():
    with edge_of(**PROXIED) as edge:
        yield edge


@pytest.fixture(scope="module")
def dev(password):
    stage = {"ENVIRONMENT": "dev", "DEV_PASSWORD_FILE": password}
    with edge_of(**HTTPS | stage) as edge:
        yield edge


MODES = {
    "local": {},
    "https": HTTPS,
    "proxied": PROXIED,
    "trusts two": PROXIED | {"TRUSTED_PROXIES": "10.0.0.1,fd00::/8"},
    "dev": HTTPS | {"ENVIRONMENT": "dev"},
    "any name": HTTPS | {"ALLOWED_HOSTS": "*,.site.example,127.0.0.1"},
    "no limits": HTTPS | {"REQUESTS_PER_SECOND": "0"},
}


@pytest.mark.parametrize("mode", MODES)
def test_nginx_takes_the_configuration_without_a_warning(mode, tmp_path):
    nginx = nginx_in(tmp_path, web_port=1, edge=MODES[mode])
    nginx.prepare()
    command = [*nginx.command, "-q", "-t"]

    done = subprocess.run(command, capture_output=True, text=True)

    assert (done.returncode, done.stderr) == (0, "")


def test_a_word_among_the_trusted_proxies_is_named(tmp_path):
    mistake = PROXIED | {"TRUSTED_PROXIES": "10.0.0.1,loadbalancer"}
    nginx = nginx_in(tmp_path, web_port=1, edge=mistake)

    with pytest.raises(subprocess.CalledProcessError) as failed:
        nginx.prepare()

    assert b"TRUSTED_PROXIES has loadbalancer, which is no address" in (
        failed.value.stdout
    )


# --- Names ------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["site.example", "www.site.example"])
def test_the_sites_names_are_answered(https, name):
    assert https.ask(host=name).asked["headers"]["Host"] == name


@pytest.mark.parametrize("tls", [True, False])
@pytest.mark.parametrize("name", ["evil.example", "127.0.0.1", "site.example.evil"])
def test_for_another_name_nginx_hangs_up(https, name, tls):
    with pytest.raises(HUNG_UP):
        https.ask(host=name, tls=tls)


def test_behind_a_proxy_it_hangs_up_as_well(proxied):
    assert proxied.ask().status == 200
    with pytest.raises(HUNG_UP):
        proxied.ask(host="evil.example")


@pytest.mark.parametrize("tls", [True, False])
def test_a_balancer_asks_by_address_for_the_health_and_nothing_else(https, tls):
    answer = https.ask("/health/ready", host="10.1.2.3", tls=tls)

    assert answer.asked["path"] == "/health/ready"
    assert answer.asked["headers"]["Host"] == "127.0.0.1"


def test_local_answers_every_name(local):
    assert local.ask(host="whatever.example").status == 200


def test_http_leads_to_https(https):
    answer = https.ask("/a/?b=c", tls=False)

    assert answer.status == 301
    assert answer.headers["Location"] == "https://site.example/a/?b=c"


# --- Who asks ---------------------------------------------------------------------

CLAIMS = {
    "X-Forwarded-For": "203.0.113.7",
    "X-Forwarded-Proto": "https",
    "X-Request-ID": "given-by-the-proxy",
    "X-Original-Method": "GET",
    "X-Original-Path": "/flower/",
    "Forwarded": "for=203.0.113.7",
}


def test_what_anybody_claims_is_replaced(https):
    answer = https.ask(headers=CLAIMS)

    got = answer.asked["headers"]
    assert got["X-Forwarded-For"] == "127.0.0.1"
    assert got["X-Request-ID"] == answer.headers["X-Request-ID"] != "given-by-the-proxy"
    assert "Forwarded" not in got
    assert {"X-Original-Method", "X-Original-Path"}.isdisjoint(got)


def test_what_a_trusted_proxy_says_is_kept(proxied):
    answer = proxied.ask(headers=CLAIMS)

    got = answer.asked["headers"]
    assert got["X-Forwarded-For"] == "203.0.113.7"
    assert got["X-Forwarded-Proto"] == "https"
    assert got["X-Request-ID"] == answer.headers["X-Request-ID"] == "given-by-the-proxy"
    assert proxied.line_of(answer)["client"] == "203.0.113.7"


def test_a_proxy_that_nobody_named_is_a_client_like_all():
    with edge_of(**PROXIED, TRUSTED_PROXIES="10.9.9.9") as edge:
        got = edge.ask(headers=CLAIMS).asked["headers"]

    assert got["X-Forwarded-For"] == "127.0.0.1"
    assert got["X-Forwarded-Proto"] == "http"
    assert got["X-Request-ID"] != "given-by-the-proxy"


@pytest.mark.parametrize("name", ["short", "with space", "a" * 65, 'quote"quote'])
def test_a_request_keeps_no_name_that_would_spoil_a_log(proxied, name):
    got = proxied.ask(headers=CLAIMS | {"X-Request-ID": name}).asked["headers"]

    assert len(got["X-Request-ID"]) == 32


# --- The log ----------------------------------------------------------------------


def test_a_request_is_one_line_with_the_keys_that_all_logs_have(https):
    answer = https.ask("/galleries/?q=secret", headers={"User-Agent": 'a"b\\'})

    line = https.line_of(answer)
    assert line["time"].endswith("Z")
    assert "." in line["time"]
    assert (line["level"], line["service"]) == ("info", "nginx")
    assert line["event"] == "GET /galleries/: 200"
    assert line["request_id"] == answer.headers["X-Request-ID"]
    assert (line["method"], line["path"], line["status"]) == ("GET", "/galleries/", 200)
    assert isinstance(line["seconds"], float)
    assert (line["bytes"], line["client"]) == (len(answer.content), "127.0.0.1")
    assert line["agent"] == 'a"b\\'


SIGNED = "/media/1234567890/ABCDEFGHIJKLMNOPQRSTUV/photos/ab/cd/thumbnail.webp"


@pytest.mark.parametrize(
    ("path", "logged"),
    [
        (SIGNED, "/media/-/-/photos/ab/cd/thumbnail.webp"),
        ("/password-reset/MQ/c0ffee-token/", "/password-reset/-/-/"),
        ("//password-reset/MQ/c0ffee-token/", "/password-reset/-/-/"),
        ("/%70assword-reset/MQ/c0ffee-token/", "/password-reset/-/-/"),
        ("/password-reset/sent/", "/password-reset/sent/"),
        ("/invitations/c0ffee-key/?next=/", "/invitations/-/"),
        ("/invitations/", "/invitations/"),
        ("/invitations/7/withdraw/", "/invitations/7/withdraw/"),
        ("/?token=c0ffee", "/"),
    ],
)
def test_what_opens_a_door_is_not_in_the_log(https, path, logged):
    line = https.line_of(https.ask(path))

    assert line["path"] == logged
    assert "c0ffee" not in str(line)


def test_local_writes_for_people(local):
    answer = local.ask("/for-people/")

    line = local.line_with("/for-people/")
    assert " 200 GET /for-people/ " in line
    assert f" {len(answer.content)} bytes, 127.0.0.1" in line


# --- Limits -----------------------------------------------------------------------


def statuses(edge: Edge, count: int, path="/", **options) -> list[int]:
    with ThreadPoolExecutor(16) as pool:
        asked = [pool.submit(edge.ask, path, **options) for _ in range(count)]
        return [one.result().status for one in asked]


class Stopwatch:
    """On a busy machine a burst takes its time, in which more is let in."""

    def __init__(self):
        self._began = time.monotonic()

    @property
    def seconds(self) -> float:
        return time.monotonic() - self._began


def refused(edge: Edge, path="/", **options):
    """The answer of who asks too often: each second may let one through."""
    for _ in range(100):
        answer = edge.ask(path, **options)
        if answer.status == 429:
            return answer
    raise AssertionError(f"a hundred requests for {path} were let through")


def test_too_many_requests_of_one_address_are_turned_away_at_once(limited):
    watch = Stopwatch()
    got = statuses(limited, 40)

    assert set(got) <= {200, 429, 503}
    let_in = got.count(200) + got.count(503)
    assert 10 <= let_in <= 12 + watch.seconds  # the burst, and one a second
    page = refused(limited)
    assert "That was too often" in page.content.decode()
    assert page.headers["Retry-After"] == "2"
    problem = refused(limited, "/api/galleries/")
    assert problem.asked["status"] == 429
    assert problem.asked["code"] == "throttled"
    assert problem.headers["Content-Type"].startswith("application/problem+json")
    assert problem.headers["X-Request-ID"]


def test_photos_and_static_files_are_never_limited(limited):
    assert refused(limited)
    for path in ("/static/a.js", "/media/photos/x/thumbnail"):
        wanted = [limited.ask(path).status for _ in range(20)]
        assert wanted == [200] * 20, path


def test_signing_in_has_a_limit_of_its_own(https):
    watch = Stopwatch()
    got = [https.ask("/sign-in/", method="POST").status for _ in range(25)]

    assert 15 <= got.count(200) <= 17 + watch.seconds / 2
    answer = refused(https, "//api/auth/tokens/", method="POST")
    assert answer.headers["Retry-After"] == "30"
    assert https.ask("/sign-in/").status == 200


UPLOAD = "/api/uploads/12345678-1234-1234-1234-123456789012/"


def open_upload(edge: Edge) -> ssl.SSLSocket:
    """The head of a chunk, and none of its body."""
    context = ssl._create_unverified_context()
    line = socket.create_connection(("127.0.0.1", edge.nginx.tls_port), timeout=10)
    tls = context.wrap_socket(line, server_hostname="site.example")
    head = f"PATCH {UPLOAD} HTTP/1.1\r\nHost: site.example\r\nContent-Length: 9\r\n\r\n"
    tls.sendall(head.encode())
    return tls


@pytest.mark.parametrize(
    ("method", "path", "type_"),
    [
        ("PATCH", UPLOAD, "application/problem+json"),
        ("POST", "/api/galleries/a/photos/", "application/problem+json"),
        ("POST", "/galleries/a/upload/", "text/html; charset=utf-8"),
    ],
)
def test_what_nginx_has_no_room_for_is_refused_in_words(local, method, path, type_):
    bodies = local.nginx.folder / "cache/body"
    bodies.rename(bodies.with_name("away"))  # as on a full disk, no file can be made
    try:
        answer = local.ask(path, method=method, body=b"x" * 200_000)
    finally:
        bodies.with_name("away").rename(bodies)

    assert answer.status == 507
    assert answer.headers["Content-Type"].startswith(type_)
    assert b"disk of the server seems to be full" in answer.content
    assert local.ask(path, method=method, body=b"x" * 200_000).status == 200


def first_answer(lines: list[ssl.SSLSocket]) -> bytes:
    """Whichever comes: nginx counts an upload when it has read its head."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        for line in lines:
            line.settimeout(0.01)
            try:
                return line.recv(100)
            except TimeoutError:
                pass
    raise AssertionError(f"none of {len(lines)} was answered")


def test_slow_uploads_hold_no_place_and_are_counted(https):
    lines = [open_upload(https) for _ in range(12)]
    try:
        assert https.ask().status == 200, "twelve slow clients stop the site"
        lines.append(open_upload(https))
        assert b" 429 " in first_answer(lines)
    finally:
        for line in lines:
            line.close()


def test_what_the_site_cannot_take_on_is_refused_at_once(https):
    with ThreadPoolExecutor(8) as pool:
        slow = [pool.submit(https.ask, f"/slow/{number}/") for number in range(3)]
        deadline = time.monotonic() + 10
        while https.site.waiting < 3:
            assert time.monotonic() < deadline
            time.sleep(0.02)
        page, problem = https.ask(), https.ask("/api/galleries/")
        health = https.ask("/health/live")
        https.site.holds.set()
        assert [one.result().status for one in slow] == [200] * 3

    assert (page.status, problem.status, health.status) == (503, 503, 200)
    assert "The site is busy" in page.content.decode()
    assert problem.asked["code"] == "busy"
    assert problem.headers["Retry-After"] == page.headers["Retry-After"] == "3"
    assert page.headers.get_all("Content-Security-Policy")
    assert https.ask().status == 200


def test_local_has_no_limits(local):
    assert statuses(local, 300) == [200] * 300
    assert [local.ask("/sign-in/", method="POST").status for _ in range(40)] == (
        [200] * 40
    )


# --- Headers ----------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/", "/static/a.js", "/nginx-health", "/flower/"])
def test_every_answer_has_its_headers_once(https, path):
    headers = https.ask(path).headers

    for name in ("X-Request-ID", "Permissions-Policy"):
        assert len(headers.get_all(name, [])) == 1, (name, path)
    assert headers["Server"] == "nginx"
    assert headers["X-Robots-Tag"] is None


def test_no_browser_is_bound_to_a_certificate_of_our_own(https):
    assert https.ask().headers["Strict-Transport-Security"] is None


# --- Static files -----------------------------------------------------------------

ACCEPTED = {
    "gzip, deflate, br, zstd": "br",
    "br;q=1.0, gzip;q=0.8": "br",
    "GZIP, BR": "br",
    "gzip, br;q=0": "gzip",
    "br;q=0.0, gzip": "gzip",
    "br;q=0.05": "br",
    "gzip;q=0": None,
    "identity": None,
    "brotli, x-gzip": None,
}


@pytest.mark.parametrize("said", ACCEPTED)
def test_the_site_is_asked_for_the_smallest_form(https, said):
    path = f"/static/{list(ACCEPTED).index(said)}.js"
    asked = https.ask(path, headers={"Accept-Encoding": said}).asked

    assert asked["headers"].get("Accept-Encoding") == ACCEPTED[said]


def test_one_form_is_kept_for_all_who_take_it(https):
    def ask(said):
        answer = https.ask("/static/kept.js", headers={"Accept-Encoding": said})
        assert answer.headers["Vary"] == "Accept-Encoding"
        return answer.asked["headers"]["X-Request-ID"]

    first, other = ask("gzip, deflate, br"), ask("gzip")

    assert ask("br") == ask("br, gzip;q=0.5") == first != other
    assert ask("deflate, gzip") == other


# --- Flower -----------------------------------------------------------------------


def test_the_door_of_flower_knows_what_is_done(https):
    assert https.ask("/flower/api/tasks").status == 200
    refused = https.ask("/flower/api/worker/shutdown/x", method="POST")

    assert refused.status == 403
    assert "This page is for operators" in refused.content.decode()
    claims = {"X-Original-Method": "GET"}
    path = "/flower/api/worker/shutdown/x"
    assert https.ask(path, method="POST", headers=claims).status == 403


@pytest.mark.parametrize(
    "path", ["/flower/tasks", "/flower/%61pi/tasks", "/%66lower/a/../tasks"]
)
def test_the_door_judges_the_path_that_flower_gets(https, path):
    answer = https.ask(f"{path}?name=value", headers={"X-Original-Path": "/flower/"})

    assert https.site.asked_gate[-1] == ("GET", path)
    assert answer.asked["path"] == f"{path}?name=value"


def test_no_other_site_may_read_what_flower_answers(https):
    headers = https.ask("/flower/api/tasks").headers

    assert [name for name in headers if name.startswith("Access-Control-")] == []
    assert headers.get_all("X-Content-Type-Options") == ["nosniff"]
    assert headers.get_all("Cross-Origin-Resource-Policy") == ["same-origin"]


@pytest.mark.parametrize("stage", ["https", "proxied"])
def test_prometheus_gets_flowers_numbers_and_nothing_else(stage, request):
    edge = request.getfixturevalue(stage)
    inside = {"tls": False, "port": edge.nginx.metrics_port}

    assert edge.ask("/flower/metrics", **inside).asked["path"] == "/flower/metrics"
    assert edge.ask("/flower/metrics", method="POST", **inside).status == 403
    for path in ("/flower/", "/flower/api/tasks", "/", "/flower/metrics/../api/tasks"):
        assert edge.ask(path, **inside).status == 404, path


@pytest.mark.parametrize("path", ["/flower/", "/flower/metrics", "/%66lower/api/tasks"])
def test_nobody_gets_to_flower(https, path):
    answer = https.ask(path, headers={"Cookie": "nobody"})

    assert (answer.status, answer.headers["Location"]) == (
        302,
        "/sign-in/?next=/flower/",
    )


# --- DEV --------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/", "/api/galleries/", "/flower/", "/static/a.js"])
def test_dev_asks_for_its_password(dev, path):
    stranger = dev.ask(path)
    assert stranger.status in {401, 302}, stranger.content
    assert b'"path"' not in stranger.content
    friend = dev.ask(path, headers=BASIC)
    assert friend.status == 200
    assert "Authorization" not in friend.asked["headers"]
    assert friend.headers["X-Robots-Tag"] == "noindex, nofollow"


def test_balancers_and_the_certificate_authority_need_no_password(dev):
    assert dev.ask("/health/ready").status == 200
    assert dev.ask("/.well-known/acme-challenge/none", tls=False).status == 404


@pytest.mark.parametrize(
    "path", ["/api/galleries/", "/media/photos/x/original", "/downloads/x/"]
)
def test_a_client_of_the_api_has_its_token_in_the_passwords_place(dev, path):
    answer = dev.ask(path, headers=BEARER)

    assert answer.asked["headers"]["Authorization"] == BEARER["Authorization"]


@pytest.mark.parametrize(
    "path",
    ["/", "/admin/", "/api/auth/tokens/", "/api/account/password-reset/", "/apis/"],
)
def test_a_token_opens_nothing_where_none_is_read(dev, path):
    assert dev.ask(path, headers=BEARER).status == 401


# --- Its own pages ----------------------------------------------------------------


def test_nginx_own_pages_say_the_sites_name(tmp_path):
    named = {"SITE_NAME": "Sea_of_photos", "PROJECT_NAME": "socle"}
    nginx = nginx_in(tmp_path, web_port=1, edge=named)
    nginx.prepare()

    pages = list((tmp_path / "conf.d/pages").glob("*.html"))

    assert "starting.html" in [page.name for page in pages]
    for page in pages:
        assert page.read_text().count("Sea of photos") == 2, page.name
        assert "socle" not in page.read_text().lower(), page.name
