from datetime import timedelta

import pytest
from django.contrib.auth.hashers import MD5PasswordHasher
from django.test import Client
from django.utils import timezone
from rest_framework_simplejwt.token_blacklist.models import BlacklistedToken

from accounts import sessions
from accounts.models import SignIn
from accounts.tests.conftest import ELSEWHERE, PASSWORD, bearer, tokens_of, with_tokens
from socle.core.api.throttles import WindowThrottle

pytestmark = pytest.mark.django_db
GOOD = {"email": "ansel@example.com", "password": PASSWORD}
BAD = {"email": "ansel@example.com", "password": "wrong"}
JSON = "application/json"


def post(client, path, data=None, **extra):
    return client.post(path, data or {}, content_type=JSON, **extra)


def obtain(client):
    return post(client, "/api/auth/tokens/", GOOD).json()


def csrf(client):
    """The token of the site's own pages, as their scripts send it."""
    client.get("/sign-in/")
    return {"x-csrftoken": client.cookies["csrftoken"].value}


# --- cookies ----------------------------------------------------------------------


def test_signing_in_sets_cookies_and_tells_who_it_is(client, with_role):
    with_role("photographer", "ansel@example.com", first_name="Ansel")
    response = post(client, "/api/auth/sign-in/", GOOD)

    assert response.status_code == 200
    assert response.json() == {
        "email": "ansel@example.com",
        "first_name": "Ansel",
        "last_name": "",
        "language": "",
        "roles": ["photographer"],
        "permissions": [
            "gallery.add_gallery",
            "gallery.add_photo",
            "gallery.view_gallery",
            "gallery.view_photo",
        ],
        "is_staff": False,
    }
    assert client.get("/api/account/").status_code == 200
    assert client.get("/account/").status_code == 200


def test_a_wrong_password_and_an_unknown_address_get_the_same_answer(client, person):
    known = post(client, "/api/auth/sign-in/", BAD)
    unknown = post(client, "/api/auth/sign-in/", BAD | {"email": "no@example.com"})

    assert known.status_code == unknown.status_code == 401
    assert known.json() == unknown.json()
    assert known.json()["code"] == "wrong_credentials"
    assert "access" not in known.cookies


@pytest.mark.parametrize("path", ["/api/auth/sign-in/", "/sign-in/"])
def test_an_unknown_address_takes_as_long_as_a_known_one(
    client, person, path, monkeypatch
):
    """Counted, not timed: each answer hashes one password."""
    hashed, encode = [], MD5PasswordHasher.encode

    def counted(*given):
        hashed.append(given)
        return encode(*given)

    monkeypatch.setattr(MD5PasswordHasher, "encode", counted)

    counts = []
    for email in ("ansel@example.com", "nobody@example.com"):
        hashed.clear()
        body = {"email": email, "username": email, "password": "wrong"}
        (post if path.startswith("/api/") else Client.post)(client, path, body)
        counts.append(len(hashed))

    assert counts == [1, 1]


def test_somebody_deactivated_cannot_sign_in(client, person):
    person.is_active = False
    person.save()
    assert post(client, "/api/auth/sign-in/", GOOD).status_code == 401
    assert post(client, "/api/auth/tokens/", GOOD).status_code == 401


def test_signing_in_again_ends_the_sign_in_that_it_replaces(client, person):
    post(client, "/api/auth/sign-in/", GOOD)
    before = tokens_of(client).access
    post(client, "/api/auth/sign-in/", GOOD)

    assert SignIn.objects.filter(revoked_at=None).count() == 1
    assert sessions.recognise(before, now=timezone.now()) is None


def test_signing_out_makes_the_tokens_useless_and_takes_the_cookies(client, person):
    with_tokens(person, client)
    before = tokens_of(client)

    response = client.post("/api/auth/sign-out/")

    assert response.status_code == 204
    assert {response.cookies[name].value for name in ("access", "refresh")} == {""}
    header = bearer(before.access)
    assert Client().get("/api/account/", headers=header).status_code == 401
    body = {"refresh": before.refresh}
    assert post(Client(), "/api/auth/tokens/refresh/", body).status_code == 401


def test_signing_out_with_an_expired_access_token_takes_the_cookies_too(client, person):
    with_tokens(person, client)
    del client.cookies["access"]

    response = client.post("/api/auth/sign-out/")

    assert response.cookies["refresh"].value == ""
    assert SignIn.objects.get().revoked_at


def test_signing_out_without_a_sign_in_changes_nothing(client):
    client.cookies["refresh"] = "a.b.c"
    response = client.post("/api/auth/sign-out/")

    assert response.status_code == 204
    assert not response.cookies


def test_signing_out_everywhere_reaches_every_device_at_once(client, person):
    with_tokens(person, client)
    phone, program = Client(), obtain(Client())
    with_tokens(person, phone)

    assert client.post("/api/auth/sign-out-everywhere/").status_code == 204

    assert phone.get("/api/account/").status_code == 401
    header = bearer(program["access"])
    assert Client().get("/api/account/", headers=header).status_code == 401


# --- CSRF -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("post", "/api/auth/sign-out/"),
        ("post", "/api/auth/sign-out-everywhere/"),
        ("post", "/api/auth/tokens/refresh/"),
        ("patch", "/api/account/"),
        ("post", "/api/account/password/"),
        ("post", "/api/invitations/"),
    ],
)
def test_what_comes_with_cookies_needs_the_csrf_token(strict, with_role, method, path):
    strict.force_login(with_role("moderator"))
    response = getattr(strict, method)(path, {}, content_type=JSON)

    assert response.status_code == 403
    assert response.json()["code"] == "csrf_failed"
    assert SignIn.objects.get().revoked_at is None


def test_another_site_signs_nobody_in(strict, person):
    refused = post(strict, "/api/auth/sign-in/", GOOD)
    accepted = post(strict, "/api/auth/sign-in/", GOOD, headers=csrf(strict))

    assert (refused.status_code, refused.json()["code"]) == (403, "csrf_failed")
    assert accepted.status_code == 200


def test_with_the_csrf_token_cookies_are_taken(strict, person):
    headers = csrf(strict)
    post(strict, "/api/auth/sign-in/", GOOD, headers=headers)
    headers = {"x-csrftoken": strict.cookies["csrftoken"].value}
    response = strict.patch(
        "/api/account/", {"first_name": "A."}, content_type=JSON, headers=headers
    )
    assert response.json()["first_name"] == "A."


def test_reading_with_cookies_needs_no_csrf_token(strict, person):
    strict.force_login(person)
    assert strict.get("/api/account/").status_code == 200


def test_bearer_needs_no_csrf_token(strict, person):
    header = bearer(obtain(strict)["access"])
    response = strict.patch(
        "/api/account/", {"first_name": "A."}, content_type=JSON, headers=header
    )
    assert response.status_code == 200


# --- Bearer -----------------------------------------------------------------------


def test_a_program_gets_tokens_and_no_cookies(client, person):
    response = post(client, "/api/auth/tokens/", GOOD, headers=ELSEWHERE)

    assert set(response.json()) == {"access", "refresh"}
    assert not response.cookies
    header = bearer(response.json()["access"])
    assert Client().get("/api/account/", headers=header).status_code == 200


def test_bearer_goes_before_cookies(client, person, with_role):
    client.force_login(with_role("moderator"))
    header = bearer(obtain(Client())["access"])
    answer = client.get("/api/account/", headers=header)
    assert answer.json()["email"] == "ansel@example.com"


@pytest.mark.parametrize("token", ["", "rubbish", "é", "a.b.c"])
def test_a_bad_token_is_refused_even_beside_good_cookies(client, person, token):
    client.force_login(person)
    response = client.get("/api/account/", headers=bearer(token))

    assert response.status_code == 401
    assert response.json()["code"] == "invalid_token"
    assert response["WWW-Authenticate"].startswith("Bearer")


def test_a_refresh_token_opens_nothing_itself(client, person):
    header = bearer(obtain(client)["refresh"])
    assert client.get("/api/account/", headers=header).status_code == 401


def test_other_schemes_are_left_alone(client, person):
    client.force_login(person)
    header = {"authorization": "Basic b3BzOm5pZ2h0"}  # of a DEV site behind a password
    assert client.get("/api/account/", headers=header).status_code == 200


def test_a_refresh_token_in_the_body_is_exchanged(client, person):
    pair = obtain(client)
    body = {"refresh": pair["refresh"]}
    first = post(client, "/api/auth/tokens/refresh/", body)
    again = post(client, "/api/auth/tokens/refresh/", body)

    assert first.status_code == 200
    assert first.json()["refresh"] == again.json()["refresh"] != pair["refresh"]
    assert not first.cookies


def test_a_reused_refresh_token_ends_the_family(client, person):
    pair = obtain(client)
    body = {"refresh": pair["refresh"]}
    second = post(client, "/api/auth/tokens/refresh/", body).json()
    client.get("/api/account/", headers=bearer(second["access"]))
    BlacklistedToken.objects.update(blacklisted_at=timezone.now() - timedelta(hours=1))

    assert post(client, "/api/auth/tokens/refresh/", body).status_code == 401
    header = bearer(second["access"])
    assert client.get("/api/account/", headers=header).status_code == 401


def test_the_cookies_are_exchanged_on_demand(client, person):
    with_tokens(person, client)
    before = tokens_of(client)

    response = post(client, "/api/auth/tokens/refresh/")

    assert response.status_code == 204
    assert tokens_of(client).refresh != before.refresh
    assert client.get("/api/account/").status_code == 200


def test_a_program_signs_out_its_own_tokens_only(client, person):
    one, other = obtain(client), obtain(client)
    client.post("/api/auth/sign-out/", headers=bearer(one["access"]))

    header = bearer(one["access"])
    assert client.get("/api/account/", headers=header).status_code == 401
    header = bearer(other["access"])
    assert client.get("/api/account/", headers=header).status_code == 200


def test_visitors_are_told_to_sign_in(client):
    response = client.get("/api/account/")
    assert response.status_code == 401
    assert response.json()["code"] == "not_authenticated"


# --- lock-out ---------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/api/auth/sign-in/", "/api/auth/tokens/"])
def test_ten_wrong_passwords_close_the_door_of_page_and_api_alike(
    client, person, path, settings
):
    for number in range(10):
        email = "ansel@example.com" if number % 2 else " ANSEL@example.com"
        response = post(client, path, {"email": email, "password": "wrong"})

    assert response.status_code == 429
    assert response["Content-Type"] == "application/problem+json"
    assert response.json()["code"] == "locked_out"
    for other in ("/api/auth/sign-in/", "/api/auth/tokens/"):
        assert post(client, other, GOOD).status_code == 429
    page = client.post("/sign-in/", {"username": GOOD["email"], "password": PASSWORD})
    assert page.status_code == 429
    assert "text/html" in page["Content-Type"]


def test_the_page_closes_the_door_of_the_api(client, person):
    for _ in range(10):
        client.post("/sign-in/", {"username": GOOD["email"], "password": "wrong"})
    assert post(client, "/api/auth/tokens/", GOOD).status_code == 429


def test_a_locked_out_script_gets_no_cors_header(client, person):
    headers = {"x-requested-with": "XMLHttpRequest", "origin": "https://evil.example"}
    for _ in range(10):
        response = post(client, "/api/auth/sign-in/", BAD, headers=headers)
    assert response.status_code == 429
    assert not [name for name in response.headers if name.startswith("Access-")]


def test_a_right_password_forgets_the_wrong_ones(client, person):
    for password in ("wrong",) * 9 + (PASSWORD,) + ("wrong",) * 9:
        post(client, "/api/auth/tokens/", GOOD | {"password": password})
    assert post(client, "/api/auth/tokens/", GOOD).status_code == 200


def test_more_than_thirty_tries_a_minute_are_stopped(client, monkeypatch):
    within_a_minute = staticmethod(lambda: 1_000_000_020.0)
    monkeypatch.setattr(WindowThrottle, "timer", within_a_minute)

    for number in range(31):
        response = post(
            client, "/api/auth/tokens/", {"email": f"{number}@x.org", "password": "x"}
        )
    assert response.status_code == 429
    assert response.json()["code"] == "throttled"


@pytest.mark.parametrize(
    "body", [{}, {"email": "a@b.org"}, {"email": "", "password": ""}, []]
)
def test_an_incomplete_sign_in_is_a_mistake_of_its_fields(client, body):
    response = client.post("/api/auth/tokens/", body, content_type=JSON)
    assert response.status_code == 400


@pytest.mark.parametrize("text", ["\0", "a\0@example.com"])
def test_signs_that_the_database_takes_not_are_no_failure(client, text):
    body = {"email": text, "password": text}
    assert client.post("/api/auth/tokens/", body, content_type=JSON).status_code in {
        400,
        401,
    }
