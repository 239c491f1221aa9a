"""Every page, at a desk and on a phone, by day and by night: looked at and measured."""

import pytest
from playwright.sync_api import expect
from visitor import DESKTOP, PHONE

pytestmark = pytest.mark.browser
WINDOWS = {"desktop": DESKTOP, "phone": PHONE}
LEAST_SHIFT = 0.02


@pytest.fixture(params=["light", "dark"])
def scheme(request):
    return request.param


@pytest.fixture(params=WINDOWS)
def window(request):
    return request.param


def look(visitor, name):
    """Whatever it is, it fits its window, nothing jumped, and nobody is kept out."""
    visitor.page.wait_for_load_state("networkidle")
    assert visitor.layout_shift() < LEAST_SHIFT
    visitor.expect_no_sideways_scroll()
    visitor.screenshot(name)
    visitor.expect_accessible()


def open_gallery(visitor, url):
    """As soon as the script has taken over; rows far below do not exist then."""
    visitor.page.goto(url)
    expect(visitor.page.locator(".grid-placed .tile").first).to_be_visible()


def test_what_visitors_see(open_visitor, shown, window, scheme):
    visitor = open_visitor(color_scheme=scheme, **WINDOWS[window])
    visitor.expected_errors.append("404")
    page = visitor.page
    page.goto("/")
    expect(page.get_by_role("link", name="Sign in")).to_be_visible()
    look(visitor, f"list-{scheme}-{window}")
    open_gallery(visitor, shown)
    look(visitor, f"gallery-{scheme}-{window}")
    page.goto("/galleries/no-such/")
    expect(page.get_by_role("heading")).to_have_text("There is nothing here")
    look(visitor, f"404-{scheme}-{window}")


def test_a_checkbox_stands_beside_its_label(open_visitor, site, window):
    visitor = open_visitor(site.photographer, **WINDOWS[window])
    page = visitor.page
    page.goto("/galleries/new/")
    box = page.get_by_label("Show where photos were taken").bounding_box()
    label = page.get_by_text("Show where photos were taken").bounding_box()
    hint = page.get_by_text("Off: what others download").bounding_box()
    first_line = label["y"] + min(label["height"], 25) / 2
    assert abs(box["y"] + box["height"] / 2 - first_line) <= 2
    assert 0 < label["x"] - (box["x"] + box["width"]) <= 16
    assert hint["x"] == label["x"]
    assert hint["y"] >= label["y"] + label["height"]


def test_a_photo_large(open_visitor, shown, window, scheme):
    visitor = open_visitor(color_scheme=scheme, **WINDOWS[window])
    page = visitor.page
    page.goto(shown)
    page.locator(".tile-open").nth(3).click()
    expect(page.get_by_text("Fog below the ridge").last).to_be_visible()
    expect(page.get_by_text("NIKON Z 6")).to_be_visible()
    visitor.expect_no_sideways_scroll()
    visitor.screenshot(f"lightbox-{scheme}-{window}", full_page=False)
    visitor.expect_accessible()


def test_what_photographers_see(open_visitor, site, shown, window, scheme):
    visitor = open_visitor(site.photographer, color_scheme=scheme, **WINDOWS[window])
    page = visitor.page
    page.goto("/")
    look(visitor, f"list-photographer-{scheme}-{window}")
    open_gallery(visitor, shown)
    # By day and at a desk it is the README's picture, docs/images/gallery.png.
    look(visitor, f"gallery-photographer-{scheme}-{window}")
    page.get_by_role("button", name="Arrange").click()
    look(visitor, f"gallery-arranging-{scheme}-{window}")
    for name, path in (
        ("new-gallery", "/galleries/new/"),
        ("edit-gallery", f"{shown}edit/"),
        ("delete-gallery", f"{shown}delete/"),
        ("empty-gallery", "/galleries/empty-so-far/"),
        ("no-match", "/?search=nowhere"),
    ):
        page.goto(path)
        look(visitor, f"{name}-{scheme}-{window}")


def test_editing_in_the_lightbox(open_visitor, site, shown, window, scheme):
    visitor = open_visitor(site.photographer, color_scheme=scheme, **WINDOWS[window])
    page = visitor.page
    page.goto(shown)
    page.locator(".tile-open").nth(3).click()
    page.get_by_role("button", name="Edit caption").click()
    visitor.screenshot(f"lightbox-caption-{scheme}-{window}", full_page=False)
    visitor.expect_accessible()
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Delete").click()
    expect(page.get_by_text("Delete this photo for good?")).to_be_visible()
    visitor.screenshot(f"lightbox-delete-{scheme}-{window}", full_page=False)
    visitor.expect_accessible()
    page.get_by_role("button", name="Keep it").click()
    expect(page.get_by_role("button", name="Edit caption")).to_be_visible()


def test_who_is_not_allowed_is_told(open_visitor, site, scheme):
    visitor = open_visitor(site.member, color_scheme=scheme)
    visitor.expected_errors.append("403")
    visitor.page.goto("/galleries/new/")
    expect(visitor.page.get_by_role("heading")).to_contain_text("not for your account")
    look(visitor, f"403-{scheme}-desktop")


def test_staff_find_their_links_on_a_phone_and_admin_works(open_visitor, site):
    admin = open_visitor(site.admin, **PHONE)
    admin.expect_no_sideways_scroll()
    admin.expect_accessible()
    admin.screenshot("list-admin-phone")
    admin.page.get_by_role("link", name="Admin").tap()
    expect(
        admin.page.get_by_role("heading", name="People, galleries and photos")
    ).to_be_visible()
    admin.screenshot("admin-phone")


def test_the_documentation_of_the_api_is_drawn(open_visitor, site):
    visitor = open_visitor(site.admin)
    visitor.page.goto("/api/docs/")
    expect(visitor.page.get_by_text("listGalleries")).to_have_count(0)
    expect(visitor.page.get_by_text("/api/galleries/").first).to_be_visible()


def test_who_wants_no_motion_gets_none(open_visitor, shown):
    page = open_visitor(reduced_motion="reduce").page
    page.goto("/")
    seconds = page.locator(".gallery-cover img").first.evaluate(
        "(image) => Number.parseFloat(getComputedStyle(image).transitionDuration)"
    )
    assert seconds < 0.001


def test_admin_keeps_to_the_policy_of_all_pages(open_visitor, site, shown):
    page = open_visitor(site.admin).page
    for path in (
        "gallery/gallery/",
        "gallery/gallery/add/",
        "gallery/photo/",
        "accounts/user/",
        "accounts/user/add/",
        "auth/group/add/",
    ):
        page.goto(f"/admin/{path}")
        expect(page.locator("#content")).to_be_visible()
