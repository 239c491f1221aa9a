"""Guesses at one account from many places, and the person who has it."""

import pytest
from django.core import mail
from django.urls import reverse

from accounts.account_limit import WRONG_PASSWORDS
from accounts.passwords import reset_key
from accounts.tests.conftest import PASSWORD
from socle.core.client_networks import network_of

pytestmark = pytest.mark.django_db
HOME, ELSEWHERE = "203.0.113.9", "198.51.100.7"


@pytest.fixture(autouse=True)
def behind_nginx(settings):
    settings.MEDIA_BY_NGINX = True


def sign_in(client, place, *, email="ansel@example.com", password=PASSWORD):
    body = {"username": email, "password": password}
    return client.post("/sign-in/", body, headers={"x-forwarded-for": place})


def guess_from_many_places(client, *, email="ansel@example.com"):
    for number in range(WRONG_PASSWORDS):
        place = f"192.0.2.{number // 5}"
        assert sign_in(client, place, email=email, password="x").status_code == 200


@pytest.mark.parametrize("email", ["ansel@example.com", "nobody@example.com"])
def test_guesses_from_everywhere_are_counted_together(client, person, email):
    guess_from_many_places(client, email=email)
    assert sign_in(client, ELSEWHERE, email=email).status_code == 429


def test_a_place_of_an_earlier_sign_in_stays_open(client, person):
    assert sign_in(client, HOME).status_code == 302
    client.post("/sign-out/")
    guess_from_many_places(client)

    assert sign_in(client, ELSEWHERE).status_code == 429
    assert sign_in(client, HOME).status_code == 302


def test_a_new_password_opens_the_place_where_it_was_chosen(client, person):
    guess_from_many_places(client)
    new = {"new_password1": "half-dome-1927", "new_password2": "half-dome-1927"}
    link = reverse("accounts:reset_confirm", args=reset_key(person))
    client.post(link, new, headers={"x-forwarded-for": HOME})
    guess_from_many_places(client)  # they go on

    assert sign_in(client, HOME, password="half-dome-1927").status_code == 302
    client.post("/sign-out/")
    assert sign_in(client, ELSEWHERE, password="half-dome-1927").status_code == 429
    assert mail.outbox == []


def test_one_customer_in_ipv6_is_one_place(client, person):
    for number in range(10):
        sign_in(client, f"2001:db8:1:2::{number:x}", password="x")
    assert sign_in(client, "2001:db8:1:2:ffff::1").status_code == 429
    assert sign_in(client, "2001:db8:1:3::1").status_code == 302


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("2001:DB8::1", "2001:db8::"),
        ("::ffff:203.0.113.9", "203.0.113.9"),
        ("203.0.113.9", "203.0.113.9"),
        ("", ""),
        ("unix:", "unix:"),
    ],
)
def test_the_network_of_an_address(address, network):
    assert network_of(address) == network


@pytest.mark.parametrize(
    ("path", "body", "limit"),
    [
        ("/api/auth/tokens/", {"email": "a@b.org", "password": "x"}, 30),
        ("/api/account/password-reset/", {"email": "a@b.org"}, 10),
    ],
)
def test_the_api_counts_a_network_too(client, sent, monkeypatch, path, body, limit):
    monkeypatch.setattr(
        "socle.core.api.throttles.WindowThrottle.timer", lambda _: 1.8e9
    )
    answers = [
        client.post(
            path,
            {**body, "email": f"{number}@b.org"},
            content_type="application/json",
            headers={"x-forwarded-for": f"2001:db8::{number:x}"},
        ).status_code
        for number in range(limit + 1)
    ]
    assert 429 not in answers[:-1]
    assert answers[-1] == 429
