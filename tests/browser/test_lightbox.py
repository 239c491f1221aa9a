import re

import pytest
from landscapes import landscape
from playwright.sync_api import expect
from visitor import PHONE

pytestmark = pytest.mark.browser
SWIPE = """(stage, by) => {
  const at = (type, clientX) => stage.dispatchEvent(new PointerEvent(type, {
    pointerType: "touch", isPrimary: true, bubbles: true, clientX, clientY: 300,
  }));
  at("pointerdown", 180);
  at("pointerup", 180 + by);
}"""


@pytest.fixture
def opened(open_visitor, shown):
    visitor = open_visitor()
    visitor.page.goto(shown)
    visitor.page.locator(".tile-open").first.click()
    return visitor


@pytest.mark.smoke
def test_keys_lead_through_the_photos_and_out_again(opened):
    page = opened.page
    dialog = page.get_by_role("dialog")
    position = dialog.locator(".lightbox-position")
    expect(position).to_have_text("1 of 12")
    page.keyboard.press("ArrowRight")
    expect(position).to_have_text("2 of 12")
    page.keyboard.press("End")
    expect(position).to_have_text("12 of 12")
    page.keyboard.press("ArrowRight")
    expect(position).to_have_text("12 of 12")
    page.keyboard.press("ArrowLeft")
    expect(position).to_have_text("11 of 12")
    page.keyboard.press("Home")
    expect(position).to_have_text("1 of 12")
    page.keyboard.press("End")
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    # The photo that was looked at last has the focus, wherever it stands.
    last = page.locator(".tile-open").last
    expect(last).to_be_focused()
    expect(last).to_be_in_viewport()


def test_a_photo_has_an_address_and_back_closes_it(opened, open_visitor):
    page = opened.page
    page.keyboard.press("ArrowRight")
    expect(page).to_have_url(re.compile(r"\?photo=[0-9a-f-]{36}$"))
    other = open_visitor().page
    other.goto(page.url)
    expect(other.locator(".lightbox-position")).to_have_text("2 of 12")
    other.keyboard.press("Escape")
    expect(other).not_to_have_url(re.compile("photo="))
    page.go_back()
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page).to_have_url(re.compile("/galleries/autumn-in-the-mountains/$"))


def test_a_photo_that_is_gone_is_told(open_visitor, shown):
    visitor = open_visitor()
    visitor.expected_errors.append("404")
    visitor.page.goto(f"{shown}?photo=00000000-0000-4000-8000-000000000000")
    expect(visitor.page.get_by_text("This photo is not here any more")).to_be_visible()
    visitor.page.get_by_role("button", name="Close").click()
    expect(visitor.page.get_by_role("dialog")).to_have_count(0)


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (410, "This photo is not here any more"),
        (429, "Too many requests at once"),
        (500, "The site failed on this request (500)"),
        (503, "The site is busy or restarting (503)"),
    ],
)
def test_a_refusal_says_its_own_reason(open_visitor, shown, status, words):
    visitor = open_visitor()
    visitor.expected_errors.append(str(status))
    page = visitor.page
    page.route("**/api/photos/*/", lambda route: route.fulfill(status=status))
    page.goto(f"{shown}?photo=00000000-0000-4000-8000-000000000000")
    expect(page.get_by_role("alert")).to_contain_text(words)


def test_the_preview_is_shown_large(opened):
    page = opened.page
    picture = page.get_by_role("dialog").get_by_role("img")
    expect(picture).to_have_js_property("complete", True)
    assert picture.evaluate("image => image.naturalWidth") >= 1000


@pytest.mark.parametrize(
    ("name", "file_name"),
    [
        ("Download original", "DSC_4100.jpg"),
        ("Download for the screen", "DSC_4100-preview.webp"),
    ],
)
def test_a_photo_can_be_kept_in_both_sizes(opened, name, file_name):
    page = opened.page
    link = page.get_by_role("link", name=name)
    asked = page.request.get(link.get_attribute("href"))
    # What the browser obeys behind a redirect to a bucket, where it forgets the link's.
    assert asked.headers["content-disposition"].startswith("attachment;")
    with page.expect_download() as download:
        link.click()
    assert download.value.suggested_filename == file_name
    content = download.value.path().read_bytes()
    if file_name.endswith(".webp"):
        assert content[8:12] == b"WEBP"
    else:
        assert content == landscape(0)


def test_a_click_beside_the_photo_closes_it(opened):
    opened.page.mouse.click(300, 40)
    expect(opened.page.get_by_role("dialog")).to_have_count(0)


def test_the_neighbours_are_there_before_they_are_asked_for(open_visitor, shown):
    page = open_visitor().page
    page.goto(shown)
    slug = shown.strip("/").split("/")[-1]
    listed = page.request.get(f"/api/galleries/{slug}/photos/?limit=2").json()
    # Without its signature, which changes every 15 minutes.
    name = listed["results"][1]["preview_url"].rpartition("/photos/")[2]
    with page.expect_response(lambda answer: answer.url.endswith(name)) as neighbour:
        page.locator(".tile-open").first.click()
    assert neighbour.value.ok
    expect(page.locator(".lightbox-position")).to_have_text("1 of 12")


def test_a_finger_leads_from_photo_to_photo(open_visitor, shown):
    page = open_visitor(**PHONE).page
    page.goto(shown)
    page.locator(".tile-open").first.tap()
    stage = page.locator(".lightbox-stage")
    position = page.locator(".lightbox-position")
    stage.evaluate(SWIPE, -120)
    expect(position).to_have_text("2 of 12")
    stage.evaluate(SWIPE, -20)  # that was a tap
    expect(position).to_have_text("2 of 12")
    stage.evaluate(SWIPE, 120)
    expect(position).to_have_text("1 of 12")
    page.get_by_role("button", name="Next photo").tap()
    expect(position).to_have_text("2 of 12")
    page.get_by_role("button", name="Close").tap()
    expect(page.get_by_role("dialog")).to_have_count(0)
