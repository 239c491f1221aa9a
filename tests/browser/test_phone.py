import pytest
from bad_files import truncated_jpeg
from landscapes import landscape
from playwright.sync_api import expect

pytestmark = pytest.mark.browser


def expect_no_sideways_scroll(visitor):
    width = visitor.page.evaluate("document.documentElement.scrollWidth")
    assert width <= 375, visitor.page.url


def test_every_page_fits_a_phone(phone, open_visitor):
    page = phone.page
    phone.make_gallery("Donaudampfschifffahrtsgesellschaftskapitän on holiday")
    files = {f"DSC_0{n}.jpg": landscape(n) for n in range(6)}
    long_name = "a-very-long-file-name-" * 8 + ".jpg"
    phone.expected_errors.append("status of 400")
    phone.upload(files | {long_name: b"", "cut-off.jpg": truncated_jpeg()})
    phone.expect_ready(6)
    expect(phone.tiles("failed")).to_have_count(1)
    expect_no_sideways_scroll(phone)
    phone.screenshot("gallery-phone")
    for path in ("/", "/galleries/new/"):
        page.goto(path)
        expect_no_sideways_scroll(phone)
        phone.screenshot(f"{'list' if path == '/' else 'new-gallery'}-phone")


def test_a_photo_opens_large_on_a_phone(phone):
    page = phone.page
    phone.make_gallery("On the phone")
    phone.upload({"one.jpg": landscape(1), "two.jpg": landscape(2)})
    phone.expect_ready(2)
    page.locator(".tile-open").first.tap()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("status")).to_have_text("1 of 2")
    phone.screenshot("lightbox-phone", full_page=False)
    expect_no_sideways_scroll(phone)
    dialog.get_by_role("button", name="Next photo").tap()
    expect(dialog.get_by_role("status")).to_have_text("2 of 2")
    dialog.get_by_role("button", name="Close").tap()
    expect(dialog).to_have_count(0)
