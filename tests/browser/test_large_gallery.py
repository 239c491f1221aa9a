"""Ten thousand photos in one gallery: the page holds no more than for a hundred."""

import pytest
from conftest import ARTEFACTS
from landscapes import landscape
from playwright.sync_api import expect
from visitor import Visitor

pytestmark = pytest.mark.browser
PHOTOS = 10_000
COPY = """
import uuid
from gallery.models import Photo
one = Photo.objects.filter(gallery__slug="ten-thousand").first()
def copy(number):
    facts = {{
        field.attname: getattr(one, field.attname)
        for field in Photo._meta.concrete_fields if field.name != "search"
    }}
    shapes = ((1500, 1000), (1000, 1333), (1600, 900), (1200, 1200))
    width, height = shapes[number % 4]
    return Photo(**facts | {{
        "id": uuid.uuid4(), "sha256": f"{{number:064x}}", "name": f"{{number:05}}.jpg",
        "position": one.position + number, "width": width, "height": height,
    }})
Photo.objects.bulk_create((copy(n) for n in range(1, {count})), batch_size=1000)
"""
NODES = "document.querySelectorAll('*').length"
TO_THE_END = "scrollTo(0, document.documentElement.scrollHeight)"


@pytest.fixture(scope="module")
def large(site, browser):
    """Rows that share the files of one photo."""
    visitor = Visitor.arrive(browser, site, artefacts=ARTEFACTS)
    visitor.sign_in(site.photographer)
    visitor.make_gallery("Ten thousand", visibility="public")
    visitor.upload({"00000.jpg": landscape(0)})
    visitor.expect_ready(1)
    visitor.page.context.close()
    site.run(COPY.format(count=PHOTOS))
    return "/galleries/ten-thousand/"


def scrolled_to_the_end(page):
    """How many elements there were at most on the way."""
    most = 0
    last = page.locator(f'.tile[aria-posinset="{PHOTOS}"]')
    for _ in range(900):
        page.evaluate(TO_THE_END)
        page.wait_for_timeout(100)
        most = max(most, page.evaluate(NODES))
        if last.count():
            return most
    raise AssertionError("The last photo did not come.")


def test_ten_thousand_photos_scroll_like_a_hundred(open_visitor, large):
    visitor = open_visitor()
    page = visitor.page
    page.goto(large)
    expect(page.get_by_text("10,000 photos")).to_be_visible()
    expect(page.locator(".tile[aria-posinset='1']")).to_be_visible()
    expect(page.locator(".grid-placed")).to_be_visible()
    at_the_start = page.evaluate(NODES)
    most = scrolled_to_the_end(page)
    assert most < max(2 * at_the_start, 700)
    expect(page.locator(f".tile[aria-posinset='{PHOTOS}'] img")).to_be_in_viewport()
    visitor.screenshot("gallery-end-of-10000-desktop", full_page=False)
    page.evaluate("scrollTo(0, 0)")
    expect(page.locator(".tile[aria-posinset='1']")).to_be_in_viewport()


def test_the_height_is_right_before_all_is_loaded(open_visitor, large):
    page = open_visitor().page
    page.goto(large)
    expect(page.locator(".grid-placed")).to_be_visible()
    height = "document.querySelector('.grid').offsetHeight"
    guessed = page.evaluate(height)
    scrolled_to_the_end(page)
    assert guessed == pytest.approx(page.evaluate(height), rel=0.1)


def test_no_row_moves_while_others_are_loaded(open_visitor, large):
    visitor = open_visitor()
    page = visitor.page
    page.goto(large)
    for _ in range(12):
        page.mouse.wheel(0, 1500)
        page.wait_for_timeout(150)
    assert visitor.layout_shift() < 0.02


def test_a_photo_far_away_can_be_linked_to(open_visitor, large, site):
    page = open_visitor().page
    answer = page.request.get("/api/galleries/ten-thousand/photos/?limit=500")
    far = page.request.get(answer.json()["next"]).json()["results"][400]
    page.goto(f"{large}?photo={far['id']}")
    expect(page.locator(".lightbox-name")).to_have_text(far["name"])
    expect(page.locator(".lightbox-position")).to_have_text("901 of 10,000")
    page.keyboard.press("Escape")
    expect(page.locator(f"[id='p-{far['id']}'] a")).to_be_focused()
    expect(page.locator(f"[id='p-{far['id']}']")).to_be_in_viewport()


def test_a_search_in_it_finds_one(open_visitor, large):
    page = open_visitor().page
    page.goto(large)
    page.get_by_label("Search photos").fill("04711")
    page.get_by_role("button", name="Search").click()
    expect(page.locator(".tile")).to_have_count(1)
    expect(page.get_by_text("1 photo found")).to_be_visible()


def test_a_large_zip_tells_how_far_it_is(open_visitor, large):
    visitor = open_visitor()
    page = visitor.page
    page.goto(large)
    expect(page.locator(".grid-placed")).to_be_visible()
    facts = {"id": "1", "size_bytes": 1, "photo_count": 2000, "url": None, "error": ""}
    reason = "The disk is full: 1.2 GB are needed and 300 MB are free."
    told = facts | {"state": "working", "packed_count": 120}
    page.route("**/downloads/", lambda route: route.fulfill(json=told))
    page.route("**/api/downloads/1/", lambda route: route.fulfill(json=told))
    page.get_by_role("link", name="Download all").click()
    expect(page.get_by_text("Packing 120 of 2,000…")).to_be_visible()
    visitor.screenshot("gallery-packing-desktop", full_page=False)
    told |= {"state": "failed", "error": reason}
    words = f"The download could not be prepared. {reason}"
    expect(page.get_by_text(words, exact=True)).to_be_visible()
    visitor.screenshot("gallery-not-packed-desktop", full_page=False)
