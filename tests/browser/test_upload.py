import pytest
from bad_files import giant_png, truncated_jpeg, zip_of
from landscapes import landscape
from playwright.sync_api import expect
from running_site import UPLOAD_LIMIT_MB

pytestmark = pytest.mark.browser
LONG_NAME = "🏔️ Sommet " + "très long " * 29 + ".jpg"


def test_photos_go_from_waiting_to_ready_without_a_reload(photographer, site):
    page = photographer.page
    photographer.make_gallery("Waiting")
    page.evaluate("window.isSamePage = true")
    with site.paused_worker():
        photographer.upload({f"{n}.jpg": landscape(n, scale=0.5) for n in range(3)})
        expect(photographer.tiles("waiting")).to_have_count(3)
        expect(page.get_by_text("3 photos, 3 not ready yet")).to_be_visible()
        photographer.screenshot("gallery-waiting-desktop")
    photographer.expect_ready(3)
    expect(page.get_by_text("3 of 3 files done. 3 accepted.")).to_be_visible()
    assert page.evaluate("window.isSamePage")


def test_every_bad_file_gets_its_message_and_the_rest_becomes_ready(photographer):
    photographer.expected_errors.append("status of 400")  # all of one request refused
    photographer.make_gallery("Mixed bag", "Good photos, and what people upload too.")
    same = landscape(3)
    photographer.upload({"first.jpg": landscape(0), "second.jpg": same})
    photographer.expect_ready(2)
    photographer.upload(
        {
            "third.jpg": landscape(1),
            "empty.jpg": b"",
            "notes.jpg": b"These are the notes of the last meeting.\n" * 40,
            "cut-off.jpg": truncated_jpeg(),
            "giant.png": giant_png(),
            "again.jpg": same,
            "really-a-jpeg.png": landscape(4),
            LONG_NAME: landscape(5),
        }
    )
    messages = {
        "empty.jpg": ("Rejected", "The file is empty (0 bytes)"),
        "notes.jpg": ("Rejected", "not a photo in a format that is known here"),
        "giant.png": ("Rejected", "megapixels; at most 64 are taken"),
        "again.jpg": ("Already here", "in the gallery already, as second.jpg"),
        "really-a-jpeg.png": ("Accepted", "it is a JPEG file"),
        LONG_NAME: ("Accepted", "Its name was shortened to 200 characters"),
        "third.jpg": ("Accepted", ""),
        "cut-off.jpg": ("Accepted", ""),
    }
    for name, (state, message) in messages.items():
        expect(photographer.row(name).locator(".row-state")).to_have_text(state)
        expect(photographer.row(name)).to_contain_text(message)
    photographer.expect_ready(5)
    expect(photographer.tiles("failed")).to_contain_text("damaged or was cut off")
    photographer.row(LONG_NAME).scroll_into_view_if_needed()
    photographer.screenshot("upload-messages-desktop")


def test_a_file_over_the_limit_is_not_even_sent(photographer, tmp_path):
    photographer.make_gallery("Too large")
    film = tmp_path / "film.mov"
    with film.open("wb") as file:
        file.truncate(UPLOAD_LIMIT_MB * 1024 * 1024 + 1)  # takes no room on the disk
    requests = []
    photographer.page.on("request", lambda request: requests.append(request.method))
    photographer.page.get_by_label("Choose files").set_input_files(film)
    row = photographer.row("film.mov")
    expect(row.locator(".row-state")).to_have_text("Not uploaded")
    expect(row).to_contain_text("The file has 100.0 MB, 1 byte more than the 100 MB")
    assert "POST" not in requests


def test_a_zip_is_unpacked_and_tells_what_was_left_out(photographer):
    photographer.make_gallery("From a zip")
    inner = zip_of({"inner.jpg": landscape(6)})
    members = {
        "camp/one.jpg": landscape(6),
        "camp/two.jpg": landscape(7),
        "../evil.jpg": landscape(0),
        "inner.zip": inner,
        "readme.txt": b"Photos of the camp.\n",
    }
    photographer.upload({"camp.zip": zip_of(members)})
    row = photographer.row("camp.zip")
    expect(row.locator(".row-state")).to_have_text("2 accepted, 3 rejected")
    expect(row).to_contain_text("Its path leads out of the zip")
    expect(row).to_contain_text("It is a zip inside the zip")
    expect(row).to_contain_text("not a photo in a format")
    photographer.expect_ready(2)
    photographer.screenshot("upload-zip-desktop")


def test_a_failed_photo_can_be_deleted(photographer):
    page = photographer.page
    photographer.make_gallery("Failed")
    photographer.upload({"cut-off.jpg": truncated_jpeg()})
    expect(photographer.tiles("failed")).to_have_count(1, timeout=60_000)
    page.get_by_role("button", name="Delete cut-off.jpg").click()
    expect(photographer.tiles("failed")).to_have_count(0)
    expect(page.get_by_text("No photos yet")).to_be_visible()
    page.reload()
    expect(page.get_by_text("No photos yet")).to_be_visible()


def test_a_broken_connection_is_told_and_a_retry_succeeds(photographer):
    page = photographer.page
    photographer.expected_errors.append("ERR_")
    photographer.make_gallery("Offline")
    page.context.set_offline(True)
    photographer.upload({"tent.jpg": landscape(1), "fire.jpg": landscape(2)})
    row = photographer.row("tent.jpg")
    expect(row).to_contain_text("The connection to the site could not be made")
    expect(row.get_by_role("button", name="Retry tent.jpg")).to_be_visible()
    photographer.screenshot("upload-offline-desktop")
    page.context.set_offline(False)
    page.get_by_role("button", name="Retry all 2").click()
    expect(row.locator(".row-state")).to_have_text("Accepted")
    photographer.expect_ready(2)


@pytest.mark.parametrize(
    ("status", "message"),
    [
        (401, "You are signed out."),
        (413, f"The site takes at most {UPLOAD_LIMIT_MB} MB in one upload."),
        (503, "The site is busy or restarting (503)."),
    ],
)
def test_a_refused_request_has_a_message(photographer, status, message):
    photographer.expected_errors.append(f"status of {status}")
    photographer.make_gallery(f"Refused {status}")
    photographer.page.route(
        "**/api/galleries/*/photos/",
        lambda route: (
            route.fulfill(status=status, body="<html>")
            if route.request.method == "POST"
            else route.fallback()
        ),
    )
    photographer.upload({"tent.jpg": landscape(1, scale=0.3)})
    expect(photographer.row("tent.jpg")).to_contain_text(message)


def test_signed_out_in_another_tab_is_told(photographer):
    photographer.expected_errors.append("status of 403")
    photographer.make_gallery("Signed out")
    photographer.page.context.clear_cookies(name="sessionid")
    photographer.upload({"tent.jpg": landscape(1, scale=0.3)})
    expect(photographer.row("tent.jpg")).to_contain_text("You are signed out.")


def test_who_may_not_upload_is_not_offered_it(photographer, open_visitor, site):
    photographer.make_gallery("For looking at")
    photographer.upload({"tent.jpg": landscape(1)})
    photographer.expect_ready(1)
    member = open_visitor(site.member)
    expect(member.page.get_by_role("link", name="New gallery")).to_have_count(0)
    member.page.get_by_role("link", name="For looking at").click()
    member.expect_ready(1)
    expect(member.page.get_by_label("Choose files")).to_have_count(0)
