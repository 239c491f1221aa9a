"""The gate before Flower: each of its paths, by each method, for each role."""

import pytest
from django.test import Client
from flower.urls import handlers

from accounts.flower_requests import is_reading
from accounts.models import User

OWN = {"origin": "http://testserver"}
SAMPLES = {"(.+)": "celery@a1b2", "(.*)": "a-task"}
# What only looks. A newer Flower may bring paths: the test below names them.
READS = {
    *("GET ", "GET workers", "GET worker/celery@a1b2", "GET tasks", "GET broker"),
    *("GET task/celery@a1b2", "GET tasks/datatable", "POST tasks/datatable"),
    *("GET api/workers", "GET api/tasks", "GET api/task/types"),
    *("GET api/task/info/a-task", "GET api/task/result/celery@a1b2"),
    *("GET api/queues/length", "GET metrics", "GET healthcheck", "GET static/a-task"),
}
# Its own sign-in, which is switched off.
NOT_USED = {"GET logout"}
ACTS = {
    f"POST api/{path}"
    for path in (
        *("worker/shutdown/celery@a1b2", "worker/pool/restart/celery@a1b2"),
        *("worker/pool/grow/celery@a1b2", "worker/pool/shrink/celery@a1b2"),
        *("worker/pool/autoscale/celery@a1b2", "worker/queue/add-consumer/celery@a1b2"),
        *("worker/queue/cancel-consumer/celery@a1b2", "task/apply/celery@a1b2"),
        *("task/async-apply/celery@a1b2", "task/send-task/celery@a1b2"),
        *("task/abort/celery@a1b2", "task/timeout/celery@a1b2"),
        *("task/rate-limit/celery@a1b2", "task/revoke/celery@a1b2"),
    )
}


def what_flower_answers():
    """`METHOD path` of everything that it has, with a sample in each gap."""
    for handler in handlers:
        pattern, view = (
            (handler.regex.pattern, handler.handler_class)
            if hasattr(handler, "regex")
            else handler[:2]
        )
        path = pattern.rstrip("$").removesuffix("/?")
        for gap, sample in SAMPLES.items():
            path = path.replace(gap, sample)
        if path == ".*":  # its "not found"
            continue
        for method in ("get", "post", "put", "patch", "delete"):
            defined = getattr(view, method).__qualname__
            if not defined.startswith("RequestHandler."):
                yield f"{method.upper()} {path.removeprefix('/')}"


def test_each_request_that_flower_answers_is_known():
    assert set(what_flower_answers()) == READS | ACTS | NOT_USED


@pytest.mark.parametrize("request_", sorted(READS | ACTS | NOT_USED))
def test_the_table_says_what_reads(request_):
    method, _, path = request_.partition(" ")

    assert is_reading(method, f"/flower/{path}") is (request_ in READS)


@pytest.mark.parametrize(
    "path",
    [
        "/flower/tasks/datatable/../../api/worker/shutdown/x",
        "/flower/tasks/datatable/",
        "/flower//tasks/datatable",
        "/%66lower/tasks/datatable",
        "/flower/api/task/info/a/../../../worker/shutdown/x",
        "/flower/tasks\n",
        "",
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS", "PUT", "DELETE", "PURGE"])
def test_no_other_spelling_reads(method, path):
    assert is_reading(method, path) is False


def people(with_role):
    staff = User.objects.create_user("staff@example.com", is_staff=True)
    admin = User.objects.create_superuser("admin@example.com")
    locked = with_role("operator", "locked@example.com", is_active=False)
    roles = ("member", "photographer", "moderator", "operator")
    return {
        **{role: with_role(role) for role in roles},
        "nobody": None,
        "staff": staff,
        "superuser": admin,
        "locked": locked,
    }


MAY = {"operator": READS, "superuser": READS | ACTS | NOT_USED}


@pytest.mark.django_db
def test_each_role_may_what_it_should(with_role):
    got, expected = {}, {}
    for role, person in people(with_role).items():
        browser = Client()
        if person:
            browser.force_login(person)
        refused = 403 if person and person.is_active else 401
        for request_ in sorted(READS | ACTS | NOT_USED):
            method, _, path = request_.partition(" ")
            asked = {"x-original-method": method, "x-original-path": f"/flower/{path}"}
            answer = browser.get("/auth/staff", headers=OWN | asked)
            got[role, request_] = answer.status_code
            may = request_ in MAY.get(role, set())
            expected[role, request_] = 204 if may else refused

    assert got == expected
    assert len(got) == 8 * len(READS | ACTS | NOT_USED)


FOREIGN = [
    {},
    {"origin": "https://evil.example"},
    {"origin": "null"},
    {"origin": "http://testserver.evil.example"},
    {"origin": "http://testserver@evil.example"},
    {"origin": "https://testserver"},
    {"origin": "http://["},
    {"referer": "https://evil.example/http://testserver/"},
    {"origin": "http://testserver", "sec-fetch-site": "cross-site"},
    {"origin": "http://testserver", "sec-fetch-site": "same-site"},
    {"origin": "https://evil.example", "referer": "http://testserver/"},
]


@pytest.mark.django_db
@pytest.mark.parametrize("headers", FOREIGN)
@pytest.mark.parametrize("method", ["POST", "GET"])
def test_what_another_site_sends_does_not_act(client, boss, method, headers):
    path = f"/flower/api/task/{'revoke' if method == 'POST' else 'newer'}/a-task"
    asked = {"x-original-method": method, "x-original-path": path}

    assert client.get("/auth/staff", headers=asked | headers).status_code == 403


@pytest.mark.django_db
@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "http://testserver"},
        {"origin": "http://TestServer", "sec-fetch-site": "same-origin"},
        {"referer": "http://testserver/flower/task/a-task"},
        {"origin": "https://photos.example.com"},
    ],
)
def test_what_the_sites_own_pages_send_acts(client, boss, settings, headers):
    settings.CSRF_TRUSTED_ORIGINS = ["https://photos.example.com"]  # SITE_URL
    asked = {"x-original-method": "POST"}
    asked["x-original-path"] = "/flower/api/task/revoke/a-task"

    assert client.get("/auth/staff", headers=asked | headers).status_code == 204


@pytest.mark.django_db
def test_whoever_reads_may_come_from_anywhere(client, boss):
    """A link in a letter, and a bookmark: nothing is changed by them."""
    asked = {"x-original-method": "GET", "x-original-path": "/flower/tasks"}
    headers = {"sec-fetch-site": "cross-site", "referer": "https://mail.example/"}

    assert client.get("/auth/staff", headers=asked | headers).status_code == 204
