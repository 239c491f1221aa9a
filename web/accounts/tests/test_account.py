"""The account page, and the same by the API."""

from datetime import timedelta

import pytest
from django.http import HttpRequest
from django.test import Client
from django.utils import timezone

from accounts import sessions
from accounts.devices import device_name
from accounts.models import SignIn, User
from accounts.tests.conftest import ELSEWHERE, PASSWORD, with_tokens

pytestmark = pytest.mark.django_db
JSON = "application/json"


@pytest.fixture
def phone(person):
    """Another device of the same person."""
    browser = Client(headers=ELSEWHERE)
    browser.post("/sign-in/", {"username": person.email, "password": PASSWORD})
    return browser


def test_visitors_are_sent_to_sign_in(client):
    assert client.get("/account/").url == "/sign-in/?next=/account/"
    assert client.post("/account/").url == "/sign-in/?next=/account/"


def test_name_and_language_are_kept(client, person):
    client.force_login(person)
    body = {"first_name": "Ansel", "last_name": "Adams", "language": "fr"}
    response = client.post("/account/", body)

    assert response.url == "/account/"
    assert response.cookies["django_language"].value == "fr"
    person.refresh_from_db()
    assert (person.last_name, person.language) == ("Adams", "fr")


def test_a_language_that_there_is_not_is_refused(client, person):
    client.force_login(person)
    page = client.post("/account/", {"language": "tlh"})
    api = client.patch("/api/account/", {"language": "tlh"}, content_type=JSON)

    assert page.context["profile"].errors["language"]
    assert api.status_code == 400


def test_the_api_changes_what_one_may_change(client, person):
    client.force_login(person)
    body = {"last_name": "Adams", "email": "other@example.com", "is_staff": True}
    response = client.patch("/api/account/", body, content_type=JSON)

    assert response.json()["last_name"] == "Adams"
    assert response.json()["email"] == "ansel@example.com"
    assert response.json()["is_staff"] is False


def test_the_account_costs_three_queries(client, with_role, django_assert_num_queries):
    with_tokens(with_role("moderator"), client)
    client.get("/api/account/")  # their first use is noted
    with django_assert_num_queries(3):  # sign-in and user, roles, permissions
        client.get("/api/account/")


def test_superusers_have_every_permission_of_the_roles(client):
    client.force_login(User.objects.create_superuser("boss@example.com", PASSWORD))
    permissions = client.get("/api/account/").json()["permissions"]
    assert {"accounts.operate", "accounts.invite"} <= set(permissions)
    assert "accounts.delete_user" not in permissions  # of the admin, not of the pages


# --- where one is signed in -----------------------------------------------------------


def test_devices_are_listed_this_one_first(client, person, phone):
    client.force_login(person)
    page = client.get("/account/").content.decode()
    listed = client.get("/api/account/sign-ins/").json()

    assert "Firefox on Linux" in page
    assert [one["is_current"] for one in listed] == [True, False]
    assert listed[1]["device"] == "Firefox on Linux"
    assert listed[1]["address"] == "127.0.0.1"
    assert page.index("This device") < page.index("Firefox on Linux")


def test_neither_tokens_nor_their_names_are_told(client, person):
    client.force_login(person)
    (row,) = client.get("/api/account/sign-ins/").json()
    assert set(row) == {
        "id",
        "device",
        "address",
        "created_at",
        "last_used_at",
        "expires_at",
        "is_current",
    }


def test_ended_and_expired_ones_are_not_listed(client, person, phone):
    client.force_login(person)
    sessions.begin(
        person, request=HttpRequest(), now=timezone.now() - timedelta(days=15)
    )
    phone.post("/sign-out/")
    assert len(client.get("/api/account/sign-ins/").json()) == 1


@pytest.mark.parametrize("how", ["page", "api"])
def test_one_device_is_signed_out_from_another(client, person, phone, how):
    client.force_login(person)
    pk = client.get("/api/account/sign-ins/").json()[1]["id"]
    if how == "page":
        assert client.post(f"/account/sign-ins/{pk}/revoke/").url == "/account/"
    else:
        path = f"/api/account/sign-ins/{pk}/"
        assert client.delete(path).status_code == 204
        assert client.delete(path).status_code == 404

    assert phone.get("/api/account/").status_code == 401
    assert client.get("/api/account/").status_code == 200


def test_nobody_ends_somebody_elses(client, person, phone, with_role):
    client.force_login(with_role("moderator"))
    pk = SignIn.objects.get(user=person).pk

    assert client.post(f"/account/sign-ins/{pk}/revoke/").status_code == 404
    assert client.delete(f"/api/account/sign-ins/{pk}/").status_code == 404
    assert phone.get("/api/account/").status_code == 200


def test_ending_this_one_signs_out_here(client, person):
    with_tokens(person, client)
    response = client.post(f"/account/sign-ins/{SignIn.objects.get().pk}/revoke/")
    assert response.url == "/sign-in/"
    assert response.cookies["refresh"].value == ""


def test_signing_out_everywhere(client, person, phone):
    client.force_login(person)
    response = client.post("/account/sign-out-everywhere/")

    assert response.url == "/sign-in/"
    assert phone.get("/account/").status_code == 302
    assert client.get("/account/").status_code == 302


@pytest.mark.parametrize(
    "path", ["/account/", "/account/password/", "/account/sign-out-everywhere/"]
)
def test_forms_need_their_csrf_token(strict, person, path):
    strict.force_login(person)
    assert strict.post(path).status_code == 403
    assert SignIn.objects.get().revoked_at is None


@pytest.mark.parametrize(
    ("user_agent", "name"),
    [
        ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Firefox/140.0", "Firefox on Linux"),
        (
            "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537 Chrome/142 Safari/537 "
            "Edg/142.0",
            "Edge on Windows",
        ),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 "
            "Mobile/15E148 Safari/604.1",
            "Safari on iPhone",
        ),
        ("Mozilla/5.0 (Linux; Android 15) Chrome/142 Safari/537", "Chrome on Android"),
        ("python-requests/2.32", "python-requests/2.32"),
        ("", "Unknown device"),
    ],
)
def test_devices_have_names_that_people_know(user_agent, name):
    assert device_name(user_agent) == name
