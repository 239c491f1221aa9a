"""Links from a webmail or a chat, which arrive without Strict cookies."""

import pytest
from django.test import Client

from accounts.tests.conftest import with_tokens

pytestmark = pytest.mark.django_db
LINK = {
    "sec-fetch-site": "cross-site",
    "sec-fetch-mode": "navigate",
    "sec-fetch-dest": "document",
}
RELOAD = LINK | {"sec-fetch-site": "same-origin"}
PRIVATE = "/no-such-page/"


@pytest.fixture(autouse=True)
def strict_cookies(settings):
    settings.TOKEN_COOKIE_SAMESITE = "Strict"


class Browser:
    """Keeps Strict cookies back when a link of another site is followed, as they do."""

    def __init__(self, user=None):
        self.client = with_tokens(user) if user else Client()

    def follow(self, address, headers=LINK):
        kept = dict(self.client.cookies)
        for name in ("access", "refresh", "sessionid", "csrftoken"):
            self.client.cookies.pop(name, None)
        answer = self.client.get(address, headers=headers)
        for name, cookie in kept.items():
            self.client.cookies.setdefault(name, cookie)
        return answer

    def reload(self, address):
        return self.client.get(address, headers=RELOAD)


@pytest.mark.parametrize("address", [PRIVATE, "/api/account/", "/media/photos/x/y"])
def test_what_is_refused_is_loaded_again_once(person, address):
    browser = Browser(person)
    first = browser.follow(address)

    assert first.status_code == 200
    assert first["Refresh"] == "0"
    assert first["Cache-Control"] == "no-store"
    assert f'href="{address}"' in first.content.decode()
    second = browser.reload(address)
    assert not second.has_header("Refresh")
    assert second.cookies["reloaded"].value == ""


def test_whoever_is_signed_in_reaches_what_asks_for_it(person):
    browser = Browser(person)
    first = browser.follow("/account/")  # leads to the sign-in page
    assert first.status_code == 302
    again = browser.follow(first.url)
    assert again["Refresh"] == "0"
    assert browser.reload(first.url).url == "/account/"
    assert browser.reload("/account/").status_code == 200


def test_a_browser_that_never_sends_them_is_answered_in_earnest():
    browser = Browser()
    assert browser.follow(PRIVATE).status_code == 200
    assert browser.follow(PRIVATE).status_code == 404
    assert browser.follow("/sign-in/").has_header("Refresh")
    assert 'type="password"' in browser.follow("/sign-in/").content.decode()


def test_it_tells_nothing_of_what_is_there():
    def main(address):
        page = Client().get(address, headers=LINK).content.decode()
        return page.split("<main")[1].split("</main>")[0].replace(address, "")

    assert main(PRIVATE) == main("/galleries/summer-camp/")


def test_it_leads_to_no_other_site():
    answer = Client().get("/", headers=LINK, PATH_INFO="//evil.example/sign")
    assert answer["Refresh"] == "0"  # this very address, and no other
    assert 'href="/%2Fevil.example/sign"' in answer.content.decode()
    assert 'href="//evil' not in answer.content.decode()


@pytest.mark.parametrize(
    "headers",
    [RELOAD, LINK | {"sec-fetch-mode": "cors"}, LINK | {"sec-fetch-site": "none"}, {}],
)
def test_what_no_link_of_another_site_asks_is_refused_at_once(headers):
    assert Client().get(PRIVATE, headers=headers).status_code == 404


def test_a_form_of_another_site_is_never_sent_again():
    strict = Client(enforce_csrf_checks=True)
    answer = strict.post("/sign-out/", headers=LINK)
    assert answer.status_code == 403
    assert not answer.has_header("Refresh")


def test_lax_cookies_need_no_reload(settings):
    settings.TOKEN_COOKIE_SAMESITE = "Lax"
    assert Client().get(PRIVATE, headers=LINK).status_code == 404
