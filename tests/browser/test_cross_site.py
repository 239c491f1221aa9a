"""What a real browser does with Strict cookies, and shows after signing out."""

import shutil
import tempfile
from pathlib import Path

import pytest
from conftest import ARTEFACTS
from playwright.sync_api import expect
from running_site import running_site
from visitor import Visitor

pytestmark = pytest.mark.browser
MAKE_GALLERY = """
from accounts.models import User
from gallery.models import Gallery
owner = User.objects.get(email={owner!r})
Gallery.objects.create(name="Members only", owner=owner, visibility="members")
"""
GALLERY = "/galleries/members-only/"


@pytest.fixture(scope="module")
def site(browser):
    """With the cookies of PROD, but for TLS, which a loopback address does without."""
    folder = Path(tempfile.mkdtemp(prefix="socle-strict-"))
    try:
        with running_site(
            folder,
            DJANGO_SETTINGS_MODULE="strict_settings",
            PYTHONPATH=str(Path(__file__).parent),
        ) as site:
            site.run(MAKE_GALLERY.format(owner=site.photographer.email))
            yield site
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def member(browser, site):
    visitor = Visitor.arrive(browser, site, artefacts=ARTEFACTS)
    visitor.sign_in(site.member)
    cookies = {one["name"]: one for one in visitor.page.context.cookies()}
    assert cookies["access"]["sameSite"] == "Strict"
    yield visitor
    visitor.page.context.close()


def webmail(visitor, address):
    """A page of another site, with a link in it, which is clicked."""
    url = "http://mail.example/"
    page = visitor.page
    letter = f'<a href="{visitor.site.url}{address}">Look at this</a>'
    page.route(url, lambda r: r.fulfill(body=letter, content_type="text/html"))
    page.goto(url)
    page.get_by_role("link", name="Look at this").click()


@pytest.mark.parametrize(
    ("address", "heading"),
    [(GALLERY, "Members only"), ("/account/", "Account")],
)
def test_a_link_in_a_letter_opens_for_whoever_is_signed_in(member, address, heading):
    webmail(member, address)
    expect(member.page.get_by_role("heading", name=heading)).to_be_visible()
    assert member.page.url == f"{member.site.url}{address}"


def test_a_visitor_is_refused_in_the_end(browser, site):
    visitor = Visitor.arrive(browser, site, artefacts=ARTEFACTS)
    webmail(visitor, GALLERY)
    expect(visitor.page.get_by_text("shown only to people")).to_be_visible()
    visitor.page.context.close()


def test_the_back_button_shows_nothing_after_signing_out(member):
    page = member.page
    page.goto("/account/")
    expect(page.get_by_text(member.site.member.email).first).to_be_visible()
    page.get_by_role("button", name="Sign out", exact=True).click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()

    page.go_back()

    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    expect(page.get_by_text(member.site.member.email)).to_have_count(0)
    page.goto(GALLERY)
    page.go_back()
    expect(page.get_by_text("Members only")).to_have_count(0)
