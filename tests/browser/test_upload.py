import io
import re

import pytest
from bad_files import giant_png, truncated_jpeg, zip_of
from landscapes import landscape
from PIL import ExifTags, Image
from playwright.sync_api import expect
from running_site import UPLOAD_LIMIT_MB

pytestmark = pytest.mark.browser
LONG_NAME = "🏔️ Sommet " + "très long " * 29 + ".jpg"
MB = 1024 * 1024


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


def test_of_thirty_files_every_bad_one_gets_its_message(photographer):
    photographer.make_gallery("Mixed bag", "Good photos, and what people upload too.")
    same = landscape(3)
    good = {f"DSC_{n}.jpg": landscape(n, scale=0.5) for n in range(20, 40)}
    photographer.upload({"first.jpg": landscape(0), "second.jpg": same})
    photographer.expect_ready(2)
    mixed = {
        "third.jpg": landscape(1),
        "empty.jpg": b"",
        "notes.jpg": b"These are the notes of the last meeting.\n" * 40,
        "cut-off.jpg": truncated_jpeg(),
        "giant.png": giant_png(),
        "again.jpg": same,
        "really-a-jpeg.png": landscape(4),
        LONG_NAME: landscape(5),
    }
    photographer.upload(mixed | good)
    rows = photographer.page.locator(".uploads-list")
    messages = {
        "empty.jpg": ("Not uploaded", "The file is empty"),
        "notes.jpg": ("Rejected", "not a photo in a format that is known here"),
        "giant.png": ("Rejected", "megapixels; at most"),
        "again.jpg": ("Already here", "in the gallery already, as second.jpg"),
        "really-a-jpeg.png": ("Accepted", "it is a JPEG file"),
        LONG_NAME: ("Accepted", "Its name was shortened to 200 characters"),
        "third.jpg": ("Accepted", ""),
        "cut-off.jpg": ("Accepted", ""),
    }
    done = photographer.page.get_by_text("30 of 30 files done.")
    expect(done).to_be_visible(timeout=120_000)
    for name, (state, message) in messages.items():
        row = photographer.row(name)
        rows.evaluate("(list) => list.scrollTo(0, 0)")
        for _ in range(20):
            if row.count():
                break
            rows.evaluate("(list) => list.scrollBy(0, 200)")
            photographer.page.wait_for_timeout(50)
        expect(row.locator(".row-state")).to_have_text(state)
        expect(row).to_contain_text(message)
        if name == LONG_NAME:
            photographer.screenshot("upload-messages-desktop")
    photographer.expect_accessible()
    expect(photographer.page.get_by_text("26 photos, 1 failed")).to_be_visible(
        timeout=60_000
    )
    expect(photographer.tiles("failed")).to_contain_text("damaged or was cut off")


def test_a_file_over_the_limit_is_not_even_sent(photographer, tmp_path):
    photographer.make_gallery("Too large")
    film = tmp_path / "film.mov"
    with film.open("wb") as file:
        file.truncate(UPLOAD_LIMIT_MB * MB + 1)  # takes no room on the disk
    requests = []
    photographer.page.on("request", lambda request: requests.append(request.method))
    chooser = photographer.page.get_by_label("Choose files")
    expect(chooser).to_be_enabled()
    chooser.set_input_files(film)
    row = photographer.row("film.mov")
    expect(row.locator(".row-state")).to_have_text("Not uploaded")
    expect(row).to_contain_text("The file has 100.0 MB, 1 byte more than the 100 MB")
    assert "POST" not in requests


def test_a_zip_is_unpacked_and_tells_what_was_left_out(photographer):
    photographer.make_gallery("From a zip")
    members = {
        "camp/one.jpg": landscape(6),
        "camp/two.jpg": landscape(7),
        "../evil.jpg": landscape(0),
        "inner.zip": zip_of({"inner.jpg": landscape(6)}),
        "readme.txt": b"Photos of the camp.\n",
    }
    photographer.upload({"camp.zip": zip_of(members)})
    row = photographer.row("camp.zip")
    expect(row.locator(".row-state")).to_have_text("2 accepted, 2 rejected")
    expect(row).to_contain_text("Its path leads out of the zip")
    expect(row).to_contain_text("It is a zip inside the zip")
    expect(row).to_contain_text("1 other file was passed over: 1 txt.")
    photographer.expect_ready(2)
    photographer.screenshot("upload-zip-desktop")


def test_what_a_phone_exports_is_told_in_one_line_and_hides_where_it_was(
    photographer, phone
):
    """Its side files are no refusals; the place is told to the owner alone."""
    photographer.make_gallery("From a phone")
    members = {
        "Takeout/IMG_1.jpg": placed(landscape(7)),
        "Takeout/IMG_1.jpg.supplemental-metadata.json": b'{"title": "IMG_1.jpg"}',
        "Takeout/film.mp4": b"film",
        "__MACOSX/Takeout/._IMG_1.jpg": b"left by a Mac",
        "Takeout/.DS_Store": b"left by a Mac",
    }
    photographer.upload({"takeout.zip": zip_of(members)})
    photographer.expect_ready(1)
    row = photographer.row("takeout.zip")
    expect(row).to_contain_text("2 other files were passed over: 1 json, 1 mp4.")
    expect(row).not_to_contain_text("Rejected")
    said = photographer.page.get_by_text("1 photo says where it was taken.")
    expect(said).to_be_visible()
    photographer.expect_accessible()
    photographer.screenshot("upload-phone-desktop")
    photographer.page.get_by_role("link", name="Edit gallery").click()
    expect(
        photographer.page.get_by_label(re.compile("where photos were taken"))
    ).not_to_be_checked()
    photographer.screenshot("gallery-locations-desktop")
    phone.page.goto(photographer.page.url)
    phone.expect_no_sideways_scroll()
    phone.screenshot("gallery-locations-phone")


def placed(photo: bytes) -> bytes:
    """The photo with a position in its EXIF."""
    image = Image.open(io.BytesIO(photo))
    exif = image.getexif()
    exif.get_ifd(ExifTags.IFD.GPSInfo).update(
        {1: "N", 2: (45.0, 50.0, 1.0), 3: "E", 4: (6.0, 51.0, 53.0)}
    )
    target = io.BytesIO()
    image.save(target, "JPEG", exif=exif)
    return target.getvalue()


def test_a_zip_is_followed_after_a_reload(photographer, site):
    photographer.make_gallery("Zip and reload")
    with site.paused_worker():
        photographer.upload({"camp.zip": zip_of({"one.jpg": landscape(6)})})
        row = photographer.row("camp.zip")
        expect(row.locator(".row-state")).to_have_text("Unpacking")
        photographer.page.reload()
        expect(row.locator(".row-state")).to_have_text("Unpacking")
    expect(row.locator(".row-state")).to_have_text("1 accepted")
    photographer.expect_ready(1)


def test_a_failed_photo_can_be_deleted(photographer):
    page = photographer.page
    photographer.make_gallery("Failed")
    photographer.upload({"cut-off.jpg": truncated_jpeg()})
    expect(photographer.tiles("failed")).to_have_count(1, timeout=60_000)
    photographer.screenshot("gallery-failed-desktop")
    photographer.expect_accessible()
    page.get_by_role("button", name="Delete cut-off.jpg").click()
    expect(photographer.tiles("failed")).to_have_count(0)
    expect(page.get_by_text("No photos yet")).to_be_visible()
    page.reload()
    expect(page.get_by_text("No photos yet")).to_be_visible()


def test_who_only_reads_is_not_asked_to_upload_again(photographer, open_visitor, site):
    photographer.make_gallery("Damaged")
    whole = landscape(1)
    cut_off = whole[: len(whole) * 4 // 5]
    photographer.upload({"half.jpg": cut_off, "cut-off.jpg": truncated_jpeg()})
    photographer.expect_ready(1)
    expect(photographer.tiles("failed")).to_contain_text("Upload it again")
    photographer.page.locator(".tile-open").click()
    expect(photographer.page.get_by_role("dialog")).to_contain_text("Upload it again")
    member = open_visitor(site.member)
    member.page.goto(photographer.page.url)
    expect(member.tiles("failed")).to_contain_text("This photo cannot be shown.")
    expect(member.page.get_by_role("dialog")).to_be_visible()
    expect(member.page.get_by_text("Upload it again")).to_have_count(0)


# --- Breaks, and going on -----------------------------------------------------------


def large_photo() -> bytes:
    """Two chunks, the first of 8 MB; what follows a JPEG's end is nobody's matter."""
    return landscape(9) + bytes(10 * MB)


def break_off_after(page, chunks: int) -> None:
    """The connection breaks in each chunk after the first ones."""
    seen = []

    def answer(route):
        if route.request.method != "PATCH":
            return route.fallback()
        seen.append(1)
        return route.abort() if len(seen) > chunks else route.fallback()

    page.route("**/api/uploads/*/", answer)


def forget_after(page, chunks: int) -> None:
    """The site knows the upload no more in the one chunk after the first ones."""
    seen = []

    def answer(route):
        if route.request.method != "PATCH":
            return route.fallback()
        seen.append(1)
        is_forgotten = len(seen) == chunks + 1
        return route.fulfill(status=410, body="") if is_forgotten else route.fallback()

    page.route("**/api/uploads/*/", answer)


def sent_bytes(page) -> list[int]:
    sizes: list[int] = []

    def note(request):
        if request.method == "PATCH":
            sizes.append(int(request.headers.get("upload-offset", "0")))

    page.on("request", note)
    return sizes


def test_a_lost_connection_goes_on_by_itself(photographer):
    page = photographer.page
    photographer.expected_errors.append("ERR_")
    photographer.make_gallery("Offline")
    page.context.set_offline(True)
    photographer.upload({"tent.jpg": landscape(1), "fire.jpg": landscape(2)})
    row = photographer.row("tent.jpg")
    expect(row.locator(".row-state")).to_have_text("Paused")
    expect(row).to_contain_text("it goes on as soon as it is back")
    photographer.screenshot("upload-offline-desktop")
    page.context.set_offline(False)
    expect(row.locator(".row-state")).to_have_text("Accepted")
    photographer.expect_ready(2)


def test_what_came_before_the_break_is_not_sent_again(photographer):
    page = photographer.page
    photographer.expected_errors.append("ERR_")
    photographer.make_gallery("Broken off")
    break_off_after(page, 1)
    photographer.upload({"large.jpg": large_photo()})
    row = photographer.row("large.jpg")
    expect(row.locator(".row-state")).to_have_text("Paused", timeout=60_000)
    page.unroute("**/api/uploads/*/")
    offsets = sent_bytes(page)
    page.evaluate("dispatchEvent(new Event('online'))")
    expect(row.locator(".row-state")).to_have_text("Accepted", timeout=60_000)
    assert min(offsets) == 8 * MB


def test_after_a_reload_the_same_file_goes_on(photographer):
    page = photographer.page
    photographer.expected_errors.append("ERR_")
    photographer.make_gallery("Reloaded")
    break_off_after(page, 1)
    photo = large_photo()
    photographer.upload({"large.jpg": photo})
    state = photographer.row("large.jpg").locator(".row-state")
    expect(state).to_have_text("Paused", timeout=60_000)
    page.unroute("**/api/uploads/*/")
    page.on("dialog", lambda dialog: dialog.accept())  # leave, although it is sending
    page.reload()
    expect(page.get_by_text("1 upload was interrupted.")).to_be_visible()
    expect(page.get_by_text("8.0 MB of 10.0 MB")).to_be_visible()
    photographer.screenshot("upload-interrupted-desktop")
    photographer.expect_accessible()
    assert photographer.layout_shift() < 0.02
    offsets = sent_bytes(page)
    page.evaluate("localStorage.clear()")  # a file of a test has another time each time
    photographer.upload({"large.jpg": photo})
    expect(page.get_by_text("was interrupted")).to_have_count(0)
    expect(state).to_have_text("Accepted", timeout=60_000)
    assert min(offsets) == 8 * MB
    photographer.expect_ready(1)


def test_an_upload_that_the_site_forgot_is_sent_again_from_its_beginning(photographer):
    """As after a restore of a backup from before it began."""
    page = photographer.page
    photographer.expected_errors.append("status of 410")
    photographer.make_gallery("Forgotten")
    forget_after(page, 1)
    offsets = sent_bytes(page)
    photographer.upload({"large.jpg": large_photo()})
    row = photographer.row("large.jpg")
    expect(row).to_contain_text("it is sent again from its beginning", timeout=60_000)
    photographer.screenshot("upload-forgotten-desktop")
    expect(row.locator(".row-state")).to_have_text("Accepted", timeout=60_000)
    expect(row).not_to_contain_text("from its beginning")
    photographer.expect_ready(1)
    assert offsets == [0, 8 * MB, 0, 8 * MB]


def test_what_was_interrupted_can_be_discarded(photographer):
    page = photographer.page
    photographer.expected_errors.append("ERR_")
    photographer.make_gallery("Discarded")
    break_off_after(page, 0)
    photographer.upload({"tent.jpg": landscape(1)})
    state = photographer.row("tent.jpg").locator(".row-state")
    expect(state).to_have_text("Paused", timeout=60_000)
    page.unroute("**/api/uploads/*/")
    page.on("dialog", lambda dialog: dialog.accept())
    page.reload()
    with page.expect_response(lambda one: one.request.method == "DELETE"):
        page.get_by_role("button", name="Discard tent.jpg").click()
    expect(page.get_by_text("was interrupted")).to_have_count(0)
    page.reload()
    expect(page.get_by_label("Choose files")).to_be_enabled()
    expect(page.get_by_text("was interrupted")).to_have_count(0)


def test_a_file_is_cancelled_and_the_site_forgets_it(photographer):
    page = photographer.page
    photographer.expected_errors.append("ERR_")
    photographer.make_gallery("Cancelled")
    break_off_after(page, 0)
    photographer.upload({"tent.jpg": landscape(1), "fire.jpg": landscape(2)})
    row = photographer.row("tent.jpg")
    expect(row.locator(".row-state")).to_have_text("Paused", timeout=60_000)
    page.unroute("**/api/uploads/*/")
    with page.expect_response(lambda one: one.request.method == "DELETE"):
        row.get_by_role("button", name="Cancel tent.jpg").click()
    expect(row.locator(".row-state")).to_have_text("Cancelled")
    page.evaluate("dispatchEvent(new Event('online'))")
    photographer.expect_ready(1)
    page.get_by_role("button", name="Clear list").click()
    expect(page.locator(".uploads")).to_have_count(0)


# --- Refusals -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "message"),
    [
        (401, "You are signed out."),
        (413, f"The site takes at most {UPLOAD_LIMIT_MB} MB in one file."),
        (502, "The site is busy or restarting (502)."),
    ],
)
def test_a_refused_request_has_a_message(photographer, status, message):
    photographer.expected_errors.append(f"status of {status}")
    photographer.make_gallery(f"Refused {status}")
    photographer.page.route(
        "**/api/galleries/*/uploads/",
        lambda route: route.fulfill(status=status, body="<html>"),
    )
    photographer.upload({"tent.jpg": landscape(1, scale=0.3)})
    row = photographer.row("tent.jpg")
    expect(row).to_contain_text(message, timeout=60_000)
    retry = row.get_by_role("button", name="Retry tent.jpg")
    expect(retry).to_have_count(0 if status == 413 else 1)


def test_a_site_that_restarts_is_waited_for(photographer):
    photographer.expected_errors.append("status of 503")
    photographer.make_gallery("Restarting")
    route = "**/api/galleries/*/uploads/"
    photographer.page.route(
        route,
        lambda one: one.fulfill(
            status=503, body="<html>", headers={"Retry-After": "2"}
        ),
    )
    photographer.upload({"tent.jpg": landscape(1, scale=0.3)})
    row = photographer.row("tent.jpg")
    expect(row).to_contain_text("The site is busy or restarting (503)", timeout=60_000)
    photographer.page.unroute(route)
    photographer.expect_ready(1)
    expect(row.locator(".row-state")).to_have_text("Accepted")


def test_signed_out_in_another_tab_is_told_and_a_retry_succeeds(photographer):
    photographer.expected_errors += [f"status of {one}" for one in (401, 403, 404)]
    photographer.make_gallery("Signed out")
    page, context = photographer.page, photographer.page.context
    cookies = [one for one in context.cookies() if one["name"] in {"access", "refresh"}]
    for name in ("refresh", "access"):  # in this order none is exchanged in between
        context.clear_cookies(name=name)
    photographer.upload({"tent.jpg": landscape(1, scale=0.3)})
    row = photographer.row("tent.jpg")
    expect(row).to_contain_text("You are signed out.")
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")  # asks now
    expect(page.get_by_role("alert")).to_contain_text("or you are signed out")
    context.add_cookies(cookies)
    row.get_by_role("button", name="Retry tent.jpg").click()
    expect(row.locator(".row-state")).to_have_text("Accepted")


def test_the_site_may_ask_for_a_pause(photographer):
    photographer.expected_errors.append("429")
    photographer.make_gallery("Slowly")
    page, address = photographer.page, "**/api/galleries/*/uploads/"
    pause = {"status": 429, "headers": {"Retry-After": "1"}, "body": ""}
    page.route(address, lambda route: route.fulfill(**pause))
    photographer.upload({"tent.jpg": landscape(1, scale=0.3)})
    row = photographer.row("tent.jpg")
    expect(row).to_contain_text("it goes on by itself")
    page.unroute(address)
    expect(row.locator(".row-state")).to_have_text("Accepted")


def test_two_thousand_files_are_no_burden_for_the_page(photographer, tmp_path):
    photographer.make_gallery("Two thousand")
    photographer.page.route(
        "**/api/galleries/*/uploads/", lambda route: None
    )  # none is ever answered
    page = photographer.page
    expect(page.get_by_label("Choose files")).to_be_enabled()
    page.evaluate(
        """() => {
          const files = new DataTransfer();
          for (let n = 0; n < 2000; n += 1) {
            files.items.add(new File([new Uint8Array(10)], `${n}.jpg`));
          }
          const input = document.querySelector("#upload input[type=file]");
          input.files = files.files;
          input.dispatchEvent(new Event("change", { bubbles: true }));
        }"""
    )
    expect(page.get_by_text("0 of 2,000 files done.")).to_be_visible()
    assert page.locator(".row").count() < 40
    page.locator(".uploads-list").evaluate("(list) => list.scrollTo(0, 1e9)")
    expect(photographer.row("1999.jpg")).to_be_visible()
    page.get_by_role("button", name="Cancel all").click()
    expect(page.get_by_text("2,000 of 2,000 files done.")).to_be_visible()


def test_a_phone_uploads_as_well(phone):
    phone.make_gallery("Donaudampfschifffahrtsgesellschaftskapitän on holiday")
    long_name = "a-very-long-file-name-" * 8 + ".jpg"
    photos = {f"DSC_0{n}.jpg": landscape(n) for n in range(4)}
    phone.upload(photos | {long_name: b"x" * 40, "cut-off.jpg": truncated_jpeg()})
    phone.expect_ready(4)
    expect(phone.tiles("failed")).to_have_count(1)
    tile = phone.tiles("failed").bounding_box()
    button = phone.tiles("failed").get_by_role("button").bounding_box()
    assert tile["y"] < button["y"]
    assert button["y"] + button["height"] <= tile["y"] + tile["height"]
    expect(phone.page.get_by_text(re.compile("6 of 6 files done"))).to_be_visible()
    phone.expect_no_sideways_scroll()
    phone.screenshot("upload-phone")
    phone.expect_accessible()
