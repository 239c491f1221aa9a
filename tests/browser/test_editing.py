"""Captions, order, covers, deletions, the zip of it all."""

import io
import re
import zipfile

import pytest
from landscapes import landscape
from playwright.sync_api import expect

pytestmark = pytest.mark.browser


@pytest.fixture
def three(photographer):
    photographer.make_gallery("Three of them")
    photographer.upload({f"{name}.jpg": landscape(n) for n, name in enumerate("abc")})
    photographer.expect_ready(3)
    return photographer


def order(page):
    by_place = page.locator(".tile").evaluate_all(
        """(tiles) => tiles
          .sort((a, b) => a.ariaPosInSet - b.ariaPosInSet)
          .map((tile) => tile.querySelector("img").alt)"""
    )
    return "".join(name.removesuffix(".jpg") for name in by_place)


def expect_order(page, wanted):
    for _ in range(300):
        if order(page) == wanted:
            return
        page.wait_for_timeout(100)
    assert order(page) == wanted


@pytest.mark.smoke
def test_a_caption_is_written_and_stays(three):
    page = three.page
    page.locator(".tile-open").first.click()
    page.get_by_role("button", name="Add a caption").click()
    expect(page.get_by_label("Caption")).to_be_focused()
    page.keyboard.type("Above the <clouds>")
    page.keyboard.press("ArrowLeft")  # moves in the text, not to another photo
    page.keyboard.press("Enter")
    expect(page.get_by_text("Above the <clouds>").last).to_be_visible()
    expect(page.get_by_role("button", name="Edit caption")).to_be_visible()
    page.reload()
    expect(page.locator(".lightbox-caption")).to_have_text("Above the <clouds>")
    page.keyboard.press("Escape")
    expect(page.get_by_alt_text("Above the <clouds>")).to_have_count(1)


def test_another_window_hears_of_it(three, open_visitor, site):
    other = open_visitor(site.member)
    other.page.goto(three.page.url)
    other.expect_ready(3)
    page = three.page
    page.locator(".tile-open").first.click()
    page.get_by_role("button", name="Add a caption").click()
    page.keyboard.type("Told to all")
    page.keyboard.press("Enter")
    expect(other.page.get_by_alt_text("Told to all")).to_have_count(1)


def test_photos_are_moved_by_keyboard_and_stay_there(three):
    page = three.page
    before = order(page)
    page.get_by_role("button", name="Arrange").click()
    name = f"{before[2]}.jpg"
    button = page.get_by_role("button", name=f"Move {name} forward")
    button.focus()
    moved = before[0] + before[2] + before[1]
    page.keyboard.press("Enter")
    expect_order(page, moved)
    expect(button).to_be_focused()
    expect(page.get_by_text(f"{name} is now number 2.")).to_have_count(1)
    first = before[2] + before[0] + before[1]
    with page.expect_response(is_of_moving_to_the_front):
        page.get_by_role("button", name=f"Move {name} to the front").click()
        expect_order(page, first)
    page.reload()
    three.expect_ready(3)
    expect_order(page, first)


def test_the_site_hears_of_quick_moves_in_turn(three):
    page = three.page
    before = order(page)
    page.get_by_role("button", name="Arrange").click()
    held = []
    page.route("**/api/photos/*/", lambda route: held.append(route))
    page.get_by_role("button", name=f"Move {before[2]}.jpg forward").click()
    page.get_by_role("button", name=f"Move {before[2]}.jpg to the front").click()
    front = before[2] + before[0] + before[1]
    expect_order(page, front)
    for count in (1, 2):
        page.wait_for_timeout(500)
        assert len(held) == count, "each waits for the one before"
        with page.expect_response("**/api/photos/*/"):
            held[-1].continue_()
    page.reload()
    three.expect_ready(3)
    expect_order(page, front)


def is_of_moving_to_the_front(response):
    request = response.request
    return request.method == "PATCH" and request.post_data_json == {"after_id": None}


def test_photos_are_dragged_to_their_places(three):
    page = three.page
    before = order(page)
    page.get_by_role("button", name="Arrange").click()
    tiles = page.locator(".tile")
    tiles.nth(0).drag_to(tiles.nth(2))
    expect_order(page, before[1] + before[2] + before[0])


def test_a_move_that_is_refused_is_undone_and_told(three):
    three.expected_errors.append("403")
    page = three.page
    before = order(page)
    page.route(
        "**/api/photos/*/",
        lambda route: route.fulfill(
            status=403, json={"detail": "Not yours.", "code": "no", "status": 403}
        ),
    )
    page.get_by_role("button", name="Arrange").click()
    page.get_by_role("button", name=f"Move {before[1]}.jpg forward").click()
    expect(page.get_by_role("alert")).to_have_text("Not moved. Not yours.")
    expect_order(page, before)


def test_a_cover_is_chosen(three):
    page = three.page
    page.locator(".tile-open").nth(1).click()
    chosen = re.search(r"photo=([0-9a-f-]+)", page.url)[1]
    page.get_by_role("button", name="Set as cover").click()
    expect(page.get_by_text("It is the cover now.")).to_be_visible()
    page.goto("/")
    card = page.locator(".gallery-card", has_text="Three of them").first
    assert chosen in card.locator("img").get_attribute("src")


def test_a_photo_is_deleted_after_a_question(three):
    page = three.page
    page.locator(".tile-open").first.click()
    page.get_by_role("button", name="Delete").click()
    page.get_by_role("button", name="Keep it").click()
    page.get_by_role("button", name="Delete").click()
    group = page.get_by_role("group", name="Delete this photo for good?")
    group.get_by_role("button", name="Delete").click()
    expect(page.locator(".lightbox-position")).to_have_text("1 of 2")
    page.keyboard.press("Escape")
    three.expect_ready(2)
    expect(page.get_by_text("2 photos")).to_be_visible()


def test_a_gallery_is_edited_and_deleted(three):
    page = three.page
    page.get_by_role("link", name="Edit gallery").click()
    page.get_by_label("Name").fill("Two of them")
    page.get_by_label("Date of the event").fill("2026-05-02")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", name="Two of them")).to_be_visible()
    expect(page.get_by_text("2 May 2026")).to_be_visible()
    page.get_by_role("link", name="Edit gallery").click()
    page.get_by_role("link", name="Delete gallery…").click()
    page.get_by_role("button", name="Delete for good").click()
    expect(page.get_by_text("“Two of them” was deleted.")).to_be_visible()


@pytest.mark.smoke
def test_all_originals_come_as_a_zip(three):
    page = three.page
    with page.expect_download() as download:
        page.get_by_role("link", name="Download all").click()
    archive = zipfile.ZipFile(io.BytesIO(download.value.path().read_bytes()))
    assert sorted(map(archive.read, archive.namelist())) == sorted(
        landscape(n) for n in range(3)
    )
