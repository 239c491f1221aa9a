import pytest

from accounts.models import User

pytestmark = pytest.mark.django_db


@pytest.fixture
def person():
    return User.objects.create_user("ansel@example.com", "yosemite-1941")


def sign_in(client, email, password, **extra):
    return client.post("/sign-in/", {"username": email, "password": password, **extra})


def test_signing_in_leads_to_where_one_wanted_to_go(client, person):
    response = sign_in(
        client, "Ansel@Example.com", "yosemite-1941", next="/galleries/new/"
    )

    assert response.status_code == 302
    assert response.url == "/galleries/new/"


def test_next_never_leads_to_another_site(client, person):
    response = sign_in(
        client, "ansel@example.com", "yosemite-1941", next="https://evil.example/"
    )

    assert response.url == "/"


def test_a_wrong_password_gets_the_same_answer_as_an_unknown_address(client, person):
    known = sign_in(client, "ansel@example.com", "wrong")
    unknown = sign_in(client, "nobody@example.com", "wrong")

    assert known.status_code == unknown.status_code == 200
    assert known.context["form"].errors == unknown.context["form"].errors


def test_ten_wrong_passwords_close_the_door_for_a_while(client, person):
    for number in range(10):
        address = "ansel@example.com" if number % 2 else "ANSEL@example.com"
        response = sign_in(client, address, "wrong")

    assert response.status_code == 429
    assert sign_in(client, "ansel@example.com", "yosemite-1941").status_code == 429


def test_a_guesser_locks_out_nobody_else(client, person, settings):
    settings.MEDIA_BY_NGINX = True
    for _ in range(10):
        sign_in_from(client, "203.0.113.9", password="wrong")

    assert sign_in_from(client, "203.0.113.9").status_code == 429
    assert sign_in_from(client, "198.51.100.7").status_code == 302


def test_without_nginx_nobody_chooses_an_address(client, person, settings):
    settings.MEDIA_BY_NGINX = False
    for number in range(10):
        sign_in_from(client, f"203.0.113.{number}", password="wrong")

    assert sign_in_from(client, "198.51.100.7").status_code == 429


def sign_in_from(client, address, *, password="yosemite-1941"):
    return client.post(
        "/sign-in/",
        {"username": "ansel@example.com", "password": password},
        headers={"x-forwarded-for": address},
    )


def test_signing_out_ends_the_session(client, person):
    client.force_login(person)

    assert client.post("/sign-out/").status_code == 302
    assert client.get("/auth/staff").status_code == 401


def test_the_staff_gate_stops_visitors(client):
    assert client.get("/auth/staff").status_code == 401


@pytest.mark.parametrize(("same_site", "again"), [("Strict", True), ("Lax", False)])
def test_who_follows_a_link_from_another_site_is_looked_at_twice(
    client, settings, same_site, again
):
    """A browser keeps Strict cookies back then; the second time it sends them."""
    settings.TOKEN_COOKIE_SAMESITE = same_site
    headers = {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate"}
    first = client.get("/sign-in/?next=/operations/", headers=headers)
    headers["sec-fetch-site"] = "same-origin"
    second = client.get("/sign-in/?next=/operations/", headers=headers)

    assert first.has_header("Refresh") is again
    assert 'href="/sign-in/?next=/operations/"' in first.content.decode() or not again
    assert not second.has_header("Refresh")
    assert 'type="password"' in second.content.decode()


def test_signing_out_is_a_post(client, person):
    client.force_login(person)
    assert client.get("/sign-out/").status_code == 405
    assert client.get("/auth/staff").status_code == 403
