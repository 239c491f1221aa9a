"""From the sign-in to the photo on the screen, through nginx."""

import io

import pytest
from photos import encoded, jpeg, picture, png_header, zip_of
from PIL import Image

GPS_TAG = 0x8825
PHOTOS = {
    "upright.jpg": jpeg(3000, 2000, seed=1, orientation=6, gps=True),
    "wide.jpg": jpeg(2400, 1200, seed=2),
    "small.jpg": jpeg(300, 200, seed=3),
}
ZIPPED = {
    "first.jpg": jpeg(seed=4),
    "folder/second.png": encoded(picture(seed=5), "PNG"),
    "../outside.jpg": jpeg(seed=6),
}
BAD = {
    "zero.jpg": b"",
    "text.jpg": b"This is a letter, not a photo.\n" * 50,
    "giant.png": png_header(60_000, 60_000),
}
TRUNCATED = jpeg(1200, 900, seed=7)[:20_000]


@pytest.fixture(scope="module")
def owner(stack):
    return stack.visitor(stack.admin)


@pytest.fixture(scope="module")
def slug(owner):
    return owner.create_gallery("Holidays")


@pytest.fixture(scope="module")
def results(owner, slug):
    """One request with everything in it, good and bad."""
    files = PHOTOS | BAD | {"cut.jpg": TRUNCATED, "more.zip": zip_of(ZIPPED)}
    return owner.upload(slug, files)


@pytest.fixture(scope="module")
def photos(owner, slug, results):
    return owner.finished_photos(slug, within=90)


def test_each_bad_file_is_refused_by_its_name_and_the_rest_is_taken(results):
    statuses = {name: result["status"] for name, result in results.items()}

    taken = [*PHOTOS, "cut.jpg", "first.jpg", "second.png"]
    assert statuses == dict.fromkeys(taken, "accepted") | dict.fromkeys(
        [*BAD, "outside.jpg"], "rejected"
    )
    assert "0 bytes" in results["zero.jpg"]["message"]
    assert "not a photo" in results["text.jpg"]["message"]
    assert "megapixels" in results["giant.png"]["message"]


def test_photos_become_ready_and_a_truncated_one_says_why_not(photos):
    states = {name: photo["state"] for name, photo in photos.items()}

    good = [*PHOTOS, "first.jpg", "second.png"]
    assert states == dict.fromkeys(good, "ready") | {"cut.jpg": "failed"}
    assert "damaged or was cut off" in photos["cut.jpg"]["error"]


def test_originals_come_back_byte_for_byte(owner, photos):
    for name, content in PHOTOS.items():
        answer = owner.get(photos[name]["original_url"])

        assert answer.status_code == 200
        assert answer.content == content, f"{name} is not what was uploaded"
        assert answer.headers["Content-Type"] == "image/jpeg"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "sandbox" in answer.headers["Content-Security-Policy"]
        assert "X-Accel-Redirect" not in answer.headers


def test_renditions_are_small_upright_and_without_location(owner, photos):
    photo = photos["upright.jpg"]
    preview = Image.open(io.BytesIO(owner.bytes_of(photo["preview_url"])))
    thumbnail = Image.open(io.BytesIO(owner.bytes_of(photo["thumbnail_url"])))

    assert (preview.format, preview.size) == ("WEBP", (1067, 1600))
    assert (thumbnail.format, thumbnail.size) == ("WEBP", (267, 400))
    assert (photo["width"], photo["height"]) == (2000, 3000)
    assert GPS_TAG not in preview.getexif()


def test_photos_are_private(stack, photos):
    nobody = stack.visitor()

    for variant in ("original", "preview", "thumbnail"):
        answer = nobody.get(f"/media/photos/{photos['wide.jpg']['id']}/{variant}")
        assert answer.status_code == 404, f"{variant}: {answer.status_code}"
        assert b"RIFF" not in answer.content[:4]
    assert "Holidays" not in nobody.get("/").text
    seen = nobody.get("/api/galleries/").json()["results"]
    assert "holidays" not in {gallery["slug"] for gallery in seen}


def test_a_signed_link_opens_one_rendition_and_no_other(stack, photos):
    nobody = stack.visitor()
    link = photos["wide.jpg"]["thumbnail_url"]
    folder, _, _ = link.rpartition("/")
    assert nobody.get(link).headers["Content-Type"] == "image/webp"

    for path in (
        f"{folder}/preview.webp",
        f"{folder}/original.jpg",
        link.replace("/media/", "/media/9", 1),  # valid for a little longer
        photos["upright.jpg"]["thumbnail_url"].rpartition("/photos/")[0]
        + "/photos/"
        + link.rpartition("/photos/")[2],
    ):
        assert nobody.get(path).status_code == 404, path


def test_a_part_of_a_rendition_can_be_asked_for(stack, photos):
    link = photos["wide.jpg"]["preview_url"]
    answer = stack.visitor().request("GET", link, headers={"Range": "bytes=0-3"})

    assert (answer.status_code, answer.content) == (206, b"RIFF")


def test_the_folder_of_photos_has_no_address_of_its_own(owner, stack, photos):
    file = stack.sql("SELECT original FROM gallery_photo WHERE name = 'wide.jpg'")

    for path in (f"/protected-media/{file}", f"/media/{file}", f"/media/live/{file}"):
        answer = owner.get(path)
        assert answer.status_code == 404, f"{path} answers {answer.status_code}"


def test_the_same_photo_twice_is_said_to_be_there(owner, slug, photos):
    results = owner.upload(slug, {"again.jpg": PHOTOS["wide.jpg"]})

    assert results["again.jpg"]["status"] == "duplicate"
    assert "wide.jpg" in results["again.jpg"]["message"]
