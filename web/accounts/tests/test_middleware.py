import asyncio
from datetime import timedelta

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.checks import run_checks
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.utils import timezone
from rest_framework_simplejwt.token_blacklist.models import BlacklistedToken

from accounts import sessions, tokens
from accounts.middleware import TokenMiddleware
from accounts.models import SignIn, User
from accounts.tests.conftest import tokens_of, with_tokens

pytestmark = pytest.mark.django_db
COOKIES = {"access", "refresh"}
LOOKS = {"x-original-method": "GET", "x-original-path": "/flower/"}


@pytest.fixture
def signed_in(client, person):
    with_tokens(person, client)
    client.get("/account/")  # its first use is noted
    return client


def without_access(client):
    """The access token's cookie has expired, and the browser has dropped it."""
    del client.cookies["access"]
    return client


def expired_access(sign_in):
    then = timezone.now() - timedelta(hours=1)
    return tokens.access_token(sign_in.id, pair=sign_in.current_jti, now=then)


def test_the_admin_accepts_it_as_djangos():
    assert [one for one in run_checks() if one.id.startswith("admin.")] == []


def test_a_good_access_token_costs_one_query_and_sets_no_cookie(
    signed_in, rf, django_assert_num_queries
):
    request = rf.get("/")
    request.COOKIES["access"] = tokens_of(signed_in).access
    with django_assert_num_queries(1):
        response = TokenMiddleware(lambda request: HttpResponse())(request)
        assert request.user.email == "ansel@example.com"
    assert not response.cookies


def test_permissions_cost_one_query_more(signed_in, django_assert_num_queries):
    with django_assert_num_queries(2):
        assert signed_in.get("/auth/staff", headers=LOOKS).status_code == 403


def test_visitors_cost_no_query(rf, django_assert_num_queries):
    request = rf.get("/")
    with django_assert_num_queries(0):
        TokenMiddleware(lambda request: HttpResponse())(request)
    assert request.user == AnonymousUser()
    assert request.sign_in is None


def test_asynchronous_code_finds_the_same_person(rf, person):
    pair = sessions.begin(person, request=HttpRequest(), now=timezone.now())
    request = rf.get("/")
    request.COOKIES["access"] = pair.access
    TokenMiddleware(lambda request: HttpResponse())(request)
    assert asyncio.run(request.auser()) == person == request.user


@pytest.mark.parametrize("how", ["missing", "expired", "rubbish"])
def test_a_page_without_a_good_access_token_exchanges_both_on_the_way(signed_in, how):
    before = tokens_of(signed_in)
    without_access(signed_in)
    if how != "missing":
        raw = expired_access(SignIn.objects.get()) if how == "expired" else "rubbish"
        signed_in.cookies["access"] = raw

    response = signed_in.get("/account/")

    assert response.status_code == 200
    assert set(response.cookies) >= COOKIES
    assert response.cookies["refresh"].value != before.refresh
    assert "private" in response["Cache-Control"]
    after = signed_in.get("/account/")
    assert after.status_code == 200
    assert not COOKIES & set(after.cookies)


def test_an_answer_with_new_tokens_is_in_no_shared_cache(signed_in, rf):
    def public(request):
        return HttpResponse(headers={"Cache-Control": "public, max-age=60"})

    request = rf.get("/")
    request.COOKIES["refresh"] = tokens_of(signed_in).refresh
    response = TokenMiddleware(public)(request)

    assert set(response.cookies) == COOKIES
    assert "private" in response["Cache-Control"]
    assert "public" not in response["Cache-Control"]


def test_the_api_needs_no_refreshing_either(signed_in):
    response = without_access(signed_in).get("/api/account/")

    assert response.json()["email"] == "ansel@example.com"
    assert set(response.cookies) >= COOKIES


def test_cookies_are_httponly_and_last_as_long_as_their_tokens(signed_in, settings):
    settings.TOKEN_COOKIE_SECURE = True
    settings.TOKEN_COOKIE_SAMESITE = "Strict"
    cookies = without_access(signed_in).get("/account/").cookies

    for name, seconds in (("access", 600), ("refresh", 14 * 24 * 3600)):
        cookie = cookies[name]
        assert cookie["httponly"]
        assert cookie["secure"]
        assert (cookie["samesite"], cookie["path"]) == ("Strict", "/")
        assert cookie["max-age"] == seconds


def reused(client, person):
    """Its token was replaced long ago, and the successor is in use."""
    first = tokens_of(client)
    second = sessions.exchange(first.refresh, now=timezone.now())
    sessions.recognise(second.access, now=timezone.now())
    BlacklistedToken.objects.update(blacklisted_at=timezone.now() - timedelta(hours=1))


def revoked(client, person):
    sessions.revoke_all(person, now=timezone.now())


def inactive(client, person):
    User.objects.update(is_active=False)


def forged(client, person):
    client.cookies["refresh"] = "a.b.c"


@pytest.mark.parametrize("spoil", [reused, revoked, inactive, forged])
@pytest.mark.parametrize("path", ["/account/", "/api/account/"])
def test_a_failed_refresh_neither_sets_nor_deletes_a_cookie(
    signed_in, person, spoil, path
):
    spoil(signed_in, person)
    response = without_access(signed_in).get(path)

    assert response.status_code in {302, 401}
    assert not COOKIES & set(response.cookies)


def test_a_failed_refresh_by_the_api_leaves_the_cookies_alone(signed_in, person):
    revoked(signed_in, person)
    response = signed_in.post(
        "/api/auth/tokens/refresh/", content_type="application/json"
    )

    assert response.status_code == 401
    assert response.json()["code"] == "invalid_token"
    assert not COOKIES & set(response.cookies)


def test_the_staff_gate_takes_a_good_refresh_token_and_exchanges_nothing(
    client, with_role
):
    with_tokens(with_role("operator"), client)
    before = tokens_of(client).refresh

    response = without_access(client).get("/auth/staff", headers=LOOKS)

    assert response.status_code == 204
    assert not COOKIES & set(response.cookies)
    assert tokens_of_sign_in() == tokens.read_refresh(before).jti


def tokens_of_sign_in():
    return SignIn.objects.get().current_jti


def test_pages_of_whoever_is_signed_in_are_kept_by_no_browser(signed_in):
    for path in ("/account/", "/", "/sign-in/", "/nothing/"):
        assert "no-store" in signed_in.get(path)["Cache-Control"], path
    assert "no-store" not in Client().get("/password-reset/").get("Cache-Control", "")


def test_what_is_for_one_person_is_in_no_shared_cache(signed_in, client):
    assert "private" in signed_in.get("/sign-in/")["Cache-Control"]
    page = Client().get("/password-reset/")
    assert "Cookie" in page["Vary"]


def test_pages_are_in_the_language_of_the_account(signed_in, person):
    User.objects.filter(pk=person.pk).update(language="fr")
    response = signed_in.get("/account/", headers={"accept-language": "en"})
    assert response["Content-Language"] == "fr"
    assert Client().get("/sign-in/")["Content-Language"] == "en"


def test_visitors_get_the_language_that_they_ask_for(client):
    response = client.get("/sign-in/", headers={"accept-language": "fr-CH,en;q=0.4"})
    assert response["Content-Language"] == "fr"


def test_no_answer_is_for_other_sites(signed_in):
    for path in ("/api/account/", "/account/"):
        response = signed_in.get(path, headers={"origin": "https://evil.example"})
        assert not [name for name in response.headers if name.startswith("Access-")]
