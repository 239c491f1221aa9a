"""What no browser sends is refused in words, on every address, as anybody."""

import io
import json
import random
from urllib.parse import unquote_to_bytes

import pytest
from django.apps import apps
from django.contrib.auth import get_user_model
from django.core import signals
from django.core.cache import cache
from django.db import close_old_connections

from config.wsgi import application
from socle.core.tests import hostile

ROUTES = [
    route
    for route in hostile.patterns()
    if not any(word in route for word in ("sign-out", "logout", "revoke"))
]
REQUESTS = list(hostile.requests())
EACH_ADDRESS = 30  # of all REQUESTS, by a seed of the address


@pytest.fixture
def served():
    """The site as gunicorn calls it, with the test's own connection and no throttle."""
    cache.clear()
    for signal in (signals.request_started, signals.request_finished):
        signal.disconnect(close_old_connections)
    yield application
    for signal in (signals.request_started, signals.request_finished):
        signal.connect(close_old_connections)


@pytest.fixture
def places(db):
    """Real values for the places in addresses: requests reach the code behind."""
    owner = get_user_model().objects.create_superuser(
        "root@example.com", "a-long-password"
    )
    gallery = apps.get_model("gallery.Gallery").objects.create(name="Camp", owner=owner)
    return {"slug": gallery.slug, "object_id": str(gallery.pk), "id": str(owner.pk)}


@pytest.fixture
def cookies(client, places):
    client.force_login(get_user_model().objects.get())
    return "; ".join(
        f"{name}={morsel.value}" for name, morsel in client.cookies.items()
    )


def environ_of(path, request, *, cookies):
    environ = {
        "REQUEST_METHOD": request.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(path).decode("latin-1"),
        "QUERY_STRING": request.query,
        "CONTENT_TYPE": request.content_type,
        "CONTENT_LENGTH": str(len(request.body)),
        "SERVER_NAME": "testserver",
        "SERVER_PORT": "80",
        "REMOTE_ADDR": "127.0.0.1",
        "HTTP_COOKIE": cookies,
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(request.body),
        "wsgi.errors": io.StringIO(),
    }
    for name, value in request.headers.items():
        environ[f"HTTP_{name.upper().replace('-', '_')}"] = value
    return environ


def answer(application, environ):
    """Its status, headers and body."""
    started = {}

    def start_response(status, headers, exc_info=None):
        started.update(status=int(status.split()[0]), headers=dict(headers))

    chunks = application(environ, start_response)
    try:
        body = b"".join(chunks)
    finally:
        if hasattr(chunks, "close"):
            chunks.close()
    return started["status"], started["headers"], body


def check(path, request, *, status, headers, body):
    said = f"{request.name} at {path[:100]}: {status} {body[:200]!r}"
    if path.startswith("/health/ready"):  # no worker runs beside this test
        return
    assert status < 500, said
    if path.startswith("/api/") and status >= 400 and body:
        assert headers["Content-Type"] == "application/problem+json", said
        assert body.startswith(b"{"), said
        assert json.loads(body)["status"] == status, said


@pytest.mark.parametrize("route", ROUTES)
def test_no_address_fails_on_what_no_browser_sends(served, places, cookies, route):
    chosen = random.Random(route)
    for values in (places, hostile.STRANGE_PLACES):
        path = hostile.filled(route, values)
        for request in chosen.sample(REQUESTS, EACH_ADDRESS // 2):
            environ = environ_of(path, request, cookies=chosen.choice([cookies, ""]))
            status, headers, body = answer(served, environ)
            check(path, request, status=status, headers=headers, body=body)


@pytest.mark.parametrize("request_", REQUESTS, ids=lambda request: ascii(request.name))
def test_each_strange_request_is_answered_by_the_api(served, places, request_):
    for path in ("/api/auth/tokens/", "/api/galleries/", "/sign-in/"):
        status, headers, body = answer(served, environ_of(path, request_, cookies=""))
        check(path, request_, status=status, headers=headers, body=body)


@pytest.mark.parametrize(
    ("name", "status", "words"),
    [
        ("deep", 400, "nested too deeply"),
        ("doubled", 400, "stands in it twice"),
        ("not UTF-8", 400, "UTF-8"),
        ("not a number", 400, "NaN"),
        ("long", 413, "at most"),
    ],
)
def test_json_that_is_refused_says_why(served, db, name, status, words):
    request = hostile.Hostile(name, body=hostile.json_bodies()[name])
    found = answer(served, environ_of("/api/auth/tokens/", request, cookies=""))

    assert found[0] == status
    assert words in json.loads(found[2])["detail"]
