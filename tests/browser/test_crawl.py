"""As each role: every link of every page opens, with all that the page asks for."""

import pytest
from crawl import Crawl
from playwright.sync_api import expect

pytestmark = [pytest.mark.browser, pytest.mark.slow]
# What a role is led to from the first page on, at least.
PAGES = {
    "nobody": {"/", "/sign-in/", "/password-reset/"},
    "member": {"/account/"},
    "photographer": {"/account/", "/galleries/new/"},
    "moderator": {"/account/", "/galleries/new/", "/invitations/"},
    "operator": {"/operations/", "/flower/", "/flower/tasks", "/api/docs/"},
    "staff": {"/account/", "/admin/", "/api/docs/"},
    "admin": {"/operations/", "/flower/broker", "/admin/", "/admin/accounts/user/"},
}
# And where no link leads it.
NOT_FOR = {
    "nobody": ("/account/", "/operations/", "/flower/", "/admin/", "/invitations/"),
    "member": ("/operations/", "/flower/", "/admin/", "/api/docs/", "/invitations/"),
    "photographer": ("/operations/", "/flower/", "/admin/", "/invitations/"),
    "moderator": ("/operations/", "/flower/", "/admin/"),
    "operator": ("/admin/", "/invitations/"),
    "staff": ("/operations/", "/flower/", "/invitations/"),
    "admin": (),
}
SHOWN_BY_FLOWER = {
    "/flower/": "celery@",
    "/flower/workers": "celery@",
    "/flower/tasks": "gallery.make_renditions",
    "/flower/broker": "images",
}


@pytest.mark.parametrize("role", PAGES)
def test_each_link_of_each_page_opens(open_visitor, site, shown, role):
    crawl = Crawl(open_visitor(getattr(site, role, None)))

    crawl.follow(f"{site.url}/")

    paths = {path.removeprefix(site.url).split("?")[0] for path in crawl.opened}
    assert crawl.faults == []
    assert PAGES[role] - paths == set()
    assert [path for path in paths if path.startswith(NOT_FOR[role])] == []


@pytest.mark.parametrize("role", ["operator", "admin"])
def test_each_page_of_flowers_shows_its_rows(open_visitor, site, shown, role):
    crawl = Crawl(open_visitor(getattr(site, role)))
    page = crawl.visitor.page

    for path, words in SHOWN_BY_FLOWER.items():
        page.goto(path)
        expect(page.locator("tbody tr", has_text=words).first).to_be_visible()
    page.goto("/flower/tasks")
    page.locator("tbody a[href*='/flower/task/']").first.click()
    expect(page.locator("body")).to_contain_text("gallery.make_renditions")
    page.locator("a[href*='/flower/worker/']").first.click()
    open_each_tab(page)

    assert crawl.faults == []


def open_each_tab(page):
    """Of Flower's page of one worker: its queues, settings, limits and so on."""
    tabs = page.locator("a[data-bs-toggle=tab]")
    expect(tabs).not_to_have_count(0)
    for tab in tabs.all():
        tab.click()
        expect(page.locator(tab.get_attribute("href"))).to_be_visible()


# At an address that ends in "#…", Flower's script shows the tab with that address. It
# takes the link "Skip to main content" for one, about which Bootstrap finds no list of
# tabs: an error of Flower 2.2 in every browser, under any policy. The page is whole.
SKIP_LINK = "/flower/#main-content"
SKIP_LINK_ERROR = "Illegal invocation"


def test_flower_shows_its_page_where_its_skip_link_led(open_visitor, site, shown):
    visitor = open_visitor(site.operator)
    visitor.expected_errors.append(SKIP_LINK_ERROR)
    errors = []
    visitor.page.on("pageerror", lambda error: errors.append(error.message))

    visitor.page.goto(SKIP_LINK)

    row = visitor.page.locator("tbody tr", has_text="celery@")
    expect(row.first).to_be_visible()
    assert errors == [SKIP_LINK_ERROR]
