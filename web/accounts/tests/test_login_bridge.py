"""Django's own doors: whoever calls `login()` and `logout()` signs in and out."""

import importlib
from datetime import timedelta

import pytest
from asgiref.sync import async_to_sync
from django.conf import settings as site_settings
from django.contrib.auth import (
    BACKEND_SESSION_KEY,
    HASH_SESSION_KEY,
    SESSION_KEY,
    login,
    logout,
    update_session_auth_hash,
)
from django.contrib.auth.signals import user_logged_in, user_logged_out
from django.contrib.sessions.models import Session
from django.http import HttpResponse
from django.test import Client, modify_settings
from django.urls import include, path
from django.utils import timezone
from rest_framework.test import APIClient

from accounts import sessions
from accounts.models import SignIn, User
from accounts.tests.conftest import PASSWORD, bearer, with_tokens

pytestmark = [pytest.mark.django_db, pytest.mark.urls(__name__)]
BACKEND = "accounts.backends.RoleBackend"
LOOKS = {"x-original-method": "GET", "x-original-path": "/flower/"}


def enter(request, email):
    """As single sign-on does it: no backend has authenticated anybody here."""
    login(request, User.objects.get(email=email))
    return HttpResponse()


def fail_after_login(request, email):
    login(request, User.objects.get(email=email))
    raise RuntimeError("after login()")


def leave(request):
    logout(request)
    return HttpResponse()


def new_password(request):
    """As packages with a page of their own for it do."""
    request.user.set_password("half-dome-1927")
    request.user.save()
    update_session_auth_hash(request, request.user)
    return HttpResponse()


urlpatterns = [
    path("enter/<str:email>/", enter),
    path("fail/<str:email>/", fail_after_login),
    path("leave/", leave),
    path("new-password/", new_password),
    path("hijack/", include("hijack.urls")),
    path("", include("config.urls")),
]


def who(client):
    """Whom a page and the API take `client` for."""
    answer = client.get("/api/account/")
    page = client.get("/account/")
    if answer.status_code == 401:
        assert page.status_code == 302
        return None
    assert answer.json()["email"] in page.content.decode()
    return answer.json()["email"]


@pytest.fixture
def other():
    return User.objects.create_user("edward@example.com", PASSWORD)


@pytest.mark.parametrize("kind", [Client, APIClient])
def test_force_login_signs_in_and_out_without_a_word_of_ours(kind, person, other):
    client = kind()
    client.force_login(person)
    assert who(client) == person.email
    client.force_login(other)
    assert who(client) == other.email
    client.force_login(person)
    assert who(client) == person.email
    client.logout()
    assert who(client) is None


def test_the_admin_client_of_pytest_django_reaches_the_admin(admin_client):
    assert admin_client.get("/admin/").status_code == 200


def test_client_login_checks_the_password(person):
    client = Client()
    assert not client.login(username=person.email, password="wrong")
    assert who(client) is None
    assert client.login(username=person.email, password=PASSWORD)
    assert who(client) == person.email


def test_asynchronous_tests_sign_in_likewise(async_client, person):
    async_to_sync(async_client.aforce_login)(person)
    for _ in range(2):
        answer = async_to_sync(async_client.get)("/api/account/")
        assert answer.json()["email"] == person.email
    async_to_sync(async_client.alogout)()
    answer = async_to_sync(async_client.get)("/api/account/")
    assert answer.status_code == 401


def test_a_session_that_was_written_by_hand_signs_in(client, person):
    """The recipe of tests with a browser: a cookie, and no form."""
    engine = importlib.import_module(site_settings.SESSION_ENGINE)
    session = engine.SessionStore()
    session[SESSION_KEY] = str(person.pk)
    session[BACKEND_SESSION_KEY] = BACKEND
    session[HASH_SESSION_KEY] = person.get_session_auth_hash()
    session.save()
    client.cookies[site_settings.SESSION_COOKIE_NAME] = session.session_key

    assert who(client) == person.email


def test_a_forged_session_signs_nobody_in(client, person):
    session = client.session
    session[SESSION_KEY] = str(person.pk)
    session[BACKEND_SESSION_KEY] = BACKEND
    session[HASH_SESSION_KEY] = "of another password"
    session.save()

    assert who(client) is None


def test_login_in_a_view_is_a_sign_in_like_any_other(client, person):
    answer = client.get(f"/enter/{person.email}/", headers={"user-agent": "Firefox/1"})

    assert {"access", "refresh", "sessionid"} <= set(answer.cookies)
    assert who(client) == person.email
    row = SignIn.objects.get()
    assert (row.user, row.user_agent) == (person, "Firefox/1")
    (listed,) = client.get("/api/account/sign-ins/").json()
    assert listed["is_current"]


def test_login_as_somebody_else_takes_the_browser_over(client, person, other):
    client.get(f"/enter/{person.email}/")
    old = client.cookies["access"].value
    client.get(f"/enter/{other.email}/")

    assert who(client) == other.email
    assert Client().get("/api/account/", headers=bearer(old)).status_code == 401
    assert SignIn.objects.filter(revoked_at=None).count() == 1


def test_login_whose_page_failed_signs_nobody_in(client, person):
    client.raise_request_exception = False
    answer = client.get(f"/fail/{person.email}/")
    assert answer.status_code == 500
    assert who(client) is None


def test_logout_ends_the_tokens_and_takes_the_cookies(client, person):
    client.post("/sign-in/", {"username": person.email, "password": PASSWORD})
    access = client.cookies["access"].value
    answer = client.get("/leave/")

    assert [answer.cookies[name].value for name in ("access", "sessionid")] == ["", ""]
    assert Client().get("/api/account/", headers=bearer(access)).status_code == 401
    assert who(client) is None


def test_a_program_that_signs_out_leaves_the_browser_signed_in(client, person):
    client.post("/sign-in/", {"username": person.email, "password": PASSWORD})
    got = client.post(
        "/api/auth/tokens/",
        {"email": person.email, "password": PASSWORD},
        content_type="application/json",
    ).json()
    client.post("/api/auth/sign-out/", headers=bearer(got["access"]))

    assert who(client) == person.email


@pytest.mark.parametrize("door", ["form", "login()"])
def test_a_session_alone_opens_no_door_once_tokens_were_issued(client, person, door):
    """Whoever reads a copy of the database reads the sessions in it, and no token."""
    if door == "form":
        client.post("/sign-in/", {"username": person.email, "password": PASSWORD})
    else:
        client.get(f"/enter/{person.email}/")
    thief = Client()
    thief.cookies["sessionid"] = Session.objects.get().session_key

    assert who(thief) is None
    assert who(client) == person.email


@pytest.mark.parametrize("door", ["form", "login()"])
def test_whoever_was_signed_out_elsewhere_signs_in_again(client, person, door):
    for _ in range(2):
        if door == "form":
            client.post("/sign-in/", {"username": person.email, "password": PASSWORD})
        else:
            client.get(f"/enter/{person.email}/")
        assert who(client) == person.email
        sessions.revoke_all(person, now=timezone.now())
        assert who(client) is None


def test_a_package_that_changes_the_password_keeps_this_browser_alone(client, person):
    phone = with_tokens(person)
    client.post("/sign-in/", {"username": person.email, "password": PASSWORD})

    client.get("/new-password/")

    assert who(client) == person.email
    assert who(phone) is None


def test_the_session_lasts_as_long_as_the_tokens(client, person):
    """Also of a sign-in that is older than this session, as after an update."""
    client.post("/sign-in/", {"username": person.email, "password": PASSWORD})
    del client.cookies["access"], client.cookies["sessionid"]
    Session.objects.all().delete()

    answer = client.get("/account/")

    assert {"access", "refresh", "sessionid"} <= set(answer.cookies)
    assert client.session[SESSION_KEY] == str(person.pk)
    assert client.session.get_expiry_date() > timezone.now() + timedelta(days=13)


def test_the_session_is_not_read_once_it_is_known(
    client, person, django_assert_num_queries
):
    client.get(f"/enter/{person.email}/")
    client.get("/auth/staff", headers=LOOKS)
    with django_assert_num_queries(2):  # sign-in and user, permissions
        client.get("/auth/staff", headers=LOOKS)


def test_the_staff_gate_knows_them_and_issues_nothing(client, person):
    person.is_superuser = True
    person.save()
    client.force_login(person)

    answer = client.get("/auth/staff", headers=LOOKS)

    assert answer.status_code == 204
    assert not {"access", "refresh"} & set(answer.cookies)
    assert who(client) == person.email


@pytest.fixture
def heard():
    """What Django's signals say."""
    said = []

    def listen(signal, **facts):
        name = "in" if signal is user_logged_in else "out"
        said.append((name, facts["user"].email))

    for signal in (user_logged_in, user_logged_out):
        signal.connect(listen)
    yield said
    for signal in (user_logged_in, user_logged_out):
        signal.disconnect(listen)


def test_every_door_sends_each_signal_once(client, person, heard):
    client.post("/sign-in/", {"username": person.email, "password": PASSWORD})
    client.post("/sign-out/")
    client.get(f"/enter/{person.email}/")
    client.get("/leave/")
    assert heard == [("in", person.email), ("out", person.email)] * 2


@pytest.fixture
def hijack():
    """A real package, with its own middleware, views and templates."""
    middleware = "hijack.middleware.HijackUserMiddleware"
    with modify_settings(
        INSTALLED_APPS={"append": "hijack"}, MIDDLEWARE={"append": middleware}
    ):
        yield


def test_staff_become_somebody_and_themselves_again_by_django_hijack(
    client, person, hijack
):
    User.objects.create_superuser("boss@example.com", PASSWORD)
    client.post("/sign-in/", {"username": "boss@example.com", "password": PASSWORD})

    answer = client.post("/hijack/acquire/", {"user_pk": person.pk})
    assert answer.status_code == 302
    assert who(client) == person.email
    assert client.get("/admin/", follow=True).status_code == 403

    client.post("/hijack/release/")
    assert who(client) == "boss@example.com"
    assert client.get("/admin/").status_code == 200


def test_a_person_whom_another_middleware_names_is_taken_by_the_api_too(
    client, person, other, settings
):
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, f"{__name__}.as_edward"]
    client.force_login(person)
    assert client.get("/api/account/").json()["email"] == other.email


def as_edward(get_response):
    """As impersonation does that keeps the session's own person."""

    def middleware(request):
        request.user = User.objects.get(email="edward@example.com")
        return get_response(request)

    return middleware


def test_cookies_last_by_seconds_and_not_by_the_browsers_clock(client, person):
    """Max-Age wins over Expires, which a clock that is an hour ahead has passed."""
    client.post("/sign-in/", {"username": person.email, "password": PASSWORD})
    kept = {"access", "refresh", "sessionid", "csrftoken"}
    assert kept <= set(client.cookies)
    for name in kept:
        assert client.cookies[name]["max-age"] >= 600, name
