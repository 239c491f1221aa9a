import pytest
from landscapes import landscape
from playwright.sync_api import expect

pytestmark = pytest.mark.browser


@pytest.fixture
def opened(photographer):
    photographer.make_gallery("Large")
    photographer.upload({f"{n}.jpg": landscape(n) for n in range(3)})
    photographer.expect_ready(3)
    photographer.page.locator(".tile-open").first.click()
    return photographer


def test_keys_lead_through_the_photos_and_out_again(opened):
    page = opened.page
    dialog = page.get_by_role("dialog")
    position = dialog.get_by_role("status")
    expect(position).to_have_text("1 of 3")
    page.keyboard.press("ArrowRight")
    expect(position).to_have_text("2 of 3")
    opened.screenshot("lightbox-desktop", full_page=False)
    page.keyboard.press("End")
    expect(position).to_have_text("3 of 3")
    page.keyboard.press("ArrowRight")
    expect(position).to_have_text("3 of 3")
    page.keyboard.press("ArrowLeft")
    expect(position).to_have_text("2 of 3")
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    focused = "document.activeElement.className"
    assert page.evaluate(focused) == "tile-open"


def test_the_preview_is_shown_large_and_the_original_is_linked(opened):
    page = opened.page
    picture = page.get_by_role("dialog").get_by_role("img")
    expect(picture).to_have_js_property("complete", True)
    assert picture.evaluate("image => image.naturalWidth") >= 1000
    href = page.get_by_role("link", name="Original").get_attribute("href")
    answer = page.request.get(href)
    assert answer.headers["content-type"] == "image/jpeg"


def test_a_click_beside_the_photo_closes_it(opened):
    opened.page.mouse.click(300, 40)
    expect(opened.page.get_by_role("dialog")).to_have_count(0)
