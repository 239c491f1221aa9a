"""Anonymous, member, photographer, moderator: each sees what they should."""

import pytest
from conftest import ARTEFACTS
from playwright.sync_api import expect

pytestmark = pytest.mark.browser
MINE = {"Autumn in the mountains", "Winter at the hut", "Drafts"}


def names(page):
    page.goto("/")
    return set(page.locator(".gallery-card h2").all_inner_texts()) & MINE


@pytest.mark.smoke
def test_each_role_sees_its_galleries(open_visitor, site, shown):
    for person, unseen in (
        (None, {"Winter at the hut", "Drafts"}),
        (site.member, {"Drafts"}),
        (site.photographer, set()),  # the owner
        (site.moderator, set()),
    ):
        assert names(open_visitor(person).page) == MINE - unseen


def test_a_visitor_is_led_back_after_signing_in(open_visitor, site, shown):
    visitor = open_visitor()
    visitor.expected_errors.append("404")
    page = visitor.page
    page.goto("/galleries/winter-at-the-hut/")
    page.get_by_role("main").get_by_role("link", name="Sign in").click()
    page.get_by_label("E-mail address").fill(site.member.email)
    page.get_by_label("Password").fill(site.member.password)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Winter at the hut")).to_be_visible()


@pytest.mark.smoke
@pytest.mark.parametrize(
    ("role", "may_upload", "may_edit"),
    [
        ("anonymous", False, False),
        ("member", False, False),
        ("photographer", True, True),
        ("moderator", True, True),
    ],
)
def test_each_role_is_offered_what_it_may_do(
    open_visitor, site, shown, role, may_upload, may_edit
):
    person = None if role == "anonymous" else getattr(site, role)
    visitor = open_visitor(person)
    page = visitor.page
    page.goto(shown)
    visitor.expect_ready(12)
    expect(page.get_by_label("Choose files")).to_have_count(int(may_upload))
    for kind, name in (("link", "Edit gallery"), ("button", "Arrange")):
        expect(page.get_by_role(kind, name=name)).to_have_count(int(may_edit))
    page.locator(".tile-open").first.click()
    expect(page.get_by_role("link", name="Download original")).to_be_visible()
    for name in ("Add a caption", "Set as cover", "Delete"):
        button = page.get_by_role("button", name=name, exact=True)
        expect(button).to_have_count(int(may_edit))


def test_the_galleries_are_searched(open_visitor, shown):
    page = open_visitor().page
    page.goto("/")
    page.get_by_label("Search galleries").fill("mount")
    page.get_by_role("button", name="Search").click()
    expect(page.locator(".gallery-card")).to_have_count(1)
    page.get_by_role("link", name="Show all").click()
    expect(page.get_by_label("Search galleries")).to_have_value("")


def test_no_script_is_needed_to_read(open_visitor, shown):
    visitor = open_visitor(java_script_enabled=False)
    # Of the page that Chromium makes around a picture; that is shown all the same.
    visitor.expected_errors.append("Content Security Policy")
    page = visitor.page
    page.goto("/")
    page.get_by_role("link", name="Autumn in the mountains").click()
    tiles = page.locator(".tile")
    expect(tiles).to_have_count(12)
    expect(page.get_by_alt_text("Fog below the ridge")).to_have_count(1)
    page.screenshot(path=ARTEFACTS / "no-script-desktop.png", full_page=True)
    page.locator(".tile-open").first.click()
    expect(page.locator("img")).to_be_visible()  # the preview, by itself


def test_the_list_needs_no_script_at_all(open_visitor, shown):
    page = open_visitor().page
    scripts = []
    page.on("request", lambda one: scripts.append(one.resource_type))
    page.goto("/")
    assert "script" not in scripts


def test_nothing_is_asked_of_strangers(open_visitor, site, shown):
    visitor = open_visitor(site.admin)
    asked = []
    visitor.page.on("request", lambda one: asked.append(one.url))
    for path in ("/", shown, "/account/", "/api/docs/"):
        visitor.page.goto(path)
        visitor.page.wait_for_load_state("networkidle")
    ours = (site.url, "data:", "blob:")
    assert [url for url in asked if not url.startswith(ours)] == []


@pytest.mark.smoke
def test_the_site_speaks_french(open_visitor, shown):
    visitor = open_visitor(locale="fr-CH")
    page = visitor.page
    page.goto("/")
    expect(page.get_by_role("heading", name="Galeries")).to_be_visible()
    expect(page.get_by_text("3 octobre 2026")).to_be_visible()
    visitor.screenshot("list-french-desktop")
    page.goto(shown)
    visitor.expect_ready(12)
    expect(page.get_by_role("link", name="Tout télécharger")).to_be_visible()
    page.locator(".tile-open").nth(3).click()
    expect(page.locator(".lightbox-position")).to_have_text("4 sur 12")
    expect(page.get_by_text("3 octobre 2026 à 08:21")).to_be_visible()
    visitor.screenshot("lightbox-french-desktop", full_page=False)
    page.get_by_role("button", name="Fermer").click()
    page.get_by_role("button", name="English").click()
    expect(page.get_by_role("link", name="Download all")).to_be_visible()
    assert "frontend/fr-" not in page.content()  # no French chunk is named either
