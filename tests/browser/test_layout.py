import pytest
from bad_files import truncated_jpeg
from landscapes import landscape
from playwright.sync_api import expect
from visitor import PHONE

pytestmark = pytest.mark.browser
PLACES = """() => [...document.querySelectorAll(".tile")].map((tile) => {
  const { x, y, width, height } = tile.getBoundingClientRect();
  return [x, y, width, height];
})"""


@pytest.fixture
def autumn(photographer):
    photographer.make_gallery(
        "Autumn in the mountains", "Four days from hut to hut, in every kind of light."
    )
    photographer.upload({f"DSC_{4100 + n}.jpg": landscape(n) for n in range(11)})
    photographer.expect_ready(11)
    return photographer


def test_nothing_jumps_while_the_photos_load(autumn, open_visitor, site):
    page = open_visitor(site.member).page  # whose browser has none of them yet
    held = []  # the thumbnails come long after the page was laid out
    page.route("**/thumbnail", lambda route: held.append(route))
    page.goto(autumn.page.url)
    expect(page.locator(".tile")).to_have_count(11)
    page.wait_for_timeout(500)
    assert len(held) >= 6
    before = page.evaluate(PLACES)
    for route in held:
        route.continue_()
    page.unroute("**/thumbnail")
    images = "[...document.images].slice(0, 6)"
    page.wait_for_function(f"{images}.every((image) => image.naturalWidth > 0)")
    assert page.evaluate(PLACES) == before


def test_all_pages_are_drawn_in_light_and_dark(autumn):
    page = autumn.page
    page.reload()
    autumn.expect_ready(11)
    autumn.screenshot("gallery-desktop")
    files = {"DSC_4111.jpg": landscape(11), "DSC_4100.jpg": landscape(0)}
    autumn.upload(files | {"DSC_4112.jpg": landscape(13)})
    autumn.expect_ready(13)
    autumn.screenshot("gallery-upload-desktop")  # the README's, docs/images/gallery.png
    autumn.upload({"from-my-phone.jpg": truncated_jpeg()})
    expect(autumn.tiles("failed")).to_have_count(1, timeout=60_000)
    page.emulate_media(color_scheme="dark")
    autumn.screenshot("gallery-dark-desktop")
    page.goto("/")
    autumn.screenshot("list-dark-desktop")
    page.emulate_media(color_scheme="light")
    autumn.screenshot("list-desktop")
    page.goto("/galleries/new/")
    autumn.screenshot("new-gallery-desktop")


def test_staff_find_their_links_on_a_phone_and_admin_works(open_visitor, site):
    admin = open_visitor(site.admin, **PHONE)
    admin.screenshot("list-admin-phone")
    admin.page.get_by_role("link", name="Admin").tap()
    expect(
        admin.page.get_by_role("heading", name="Site administration")
    ).to_be_visible()
    admin.screenshot("admin-phone")
