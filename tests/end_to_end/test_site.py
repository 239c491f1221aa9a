"""From the sign-in to the photo on the screen, through nginx."""

import http.client
import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import pytest
from photos import encoded, jpeg, picture, png_header, zip_of
from PIL import Image
from progress import say

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
        answer = nobody.get(photos["wide.jpg"][f"{variant}_url"])
        assert answer.status_code == 403, f"{variant}: {answer.status_code}"
        assert b"RIFF" not in answer.content[:4]
    assert nobody.get("/").headers["Location"].startswith("/sign-in/")
    assert nobody.get("/api/galleries/").status_code == 403


def test_the_folder_of_photos_has_no_address_of_its_own(owner, stack, photos):
    file = stack.sql("SELECT original FROM gallery_photo WHERE name = 'wide.jpg'")

    for path in (f"/protected-media/{file}", f"/media/{file}", f"/media/live/{file}"):
        answer = owner.get(path)
        assert answer.status_code == 404, f"{path} answers {answer.status_code}"


def test_the_same_photo_twice_is_said_to_be_there(owner, slug, photos):
    results = owner.upload(slug, {"again.jpg": PHOTOS["wide.jpg"]})

    assert results["again.jpg"]["status"] == "duplicate"
    assert "wide.jpg" in results["again.jpg"]["message"]


def announce(
    stack, path: str, *, megabytes: int
) -> tuple[http.client.HTTPResponse, str]:
    """Only the headers of a request: nginx need not see the rest to refuse it."""
    connection = http.client.HTTPConnection(urlsplit(stack.url).netloc, timeout=20)
    connection.putrequest("POST", path)
    connection.putheader("Content-Type", "multipart/form-data; boundary=x")
    connection.putheader("Content-Length", str(megabytes * 1024 * 1024))
    connection.endheaders(b"--x\r\n")
    answer = connection.getresponse()
    return answer, answer.read().decode()


def test_nginx_refuses_too_large_an_upload_naming_the_limit(stack, slug):
    answer, text = announce(stack, f"/api/galleries/{slug}/photos/", megabytes=102)

    assert answer.status == 413
    assert answer.headers["Content-Type"].startswith("application/json")
    assert "100 MB at most" in text
    page, text = announce(stack, "/galleries/new/", megabytes=102)
    assert (page.status, "<h1>" in text, "100 MB" in text) == (413, True, True)


def test_a_body_just_below_the_limit_reaches_the_site(owner, stack, slug):
    exactly = os.urandom(100 * 1024 * 1024)
    with without_running_out_of_memory(stack, "nginx", "web"):
        results = owner.upload(slug, {"noise.jpg": exactly})
        more = owner.upload(slug, {"more.jpg": exactly + b"1"})

    assert results["noise.jpg"]["status"] == "rejected"
    assert "not a photo" in results["noise.jpg"]["message"]
    assert "at most 100 MB" in more["more.jpg"]["message"], "Django's own limit"


def test_the_worker_survives_the_largest_photos(owner, stack):
    slug = owner.create_gallery("Large")
    largest = {
        f"large{number}.png": encoded(
            Image.new("RGB", (8000, 7990 + number), "teal"), "PNG", compress_level=1
        )
        for number in (1, 2, 3)
    }
    with without_running_out_of_memory(stack, "worker"):
        results = owner.upload(slug, largest)
        assert {result["status"] for result in results.values()} == {"accepted"}
        owner.ready_photos(slug, within=120)


@contextmanager
def without_running_out_of_memory(stack, *services: str) -> Iterator[None]:
    """Neither container nor any process in it ends while the block runs."""
    restarts = {name: stack.container(name)["RestartCount"] for name in services}
    yield
    for name in services:
        container = stack.container(name)
        limit = container["HostConfig"]["Memory"]
        kills, peak = memory_of(stack, name)
        say(f"  {name}: peak {peak >> 20} MB of {limit >> 20} MB, files included")
        assert limit > 0
        assert kills == 0, f"the kernel killed {kills} processes of {name}"
        assert not container["State"]["OOMKilled"], f"{name} was out of memory"
        assert container["RestartCount"] == restarts[name], f"{name} was started again"


CGROUP = """
cd /sys/fs/cgroup
if [ -e memory ]; then
  grep '^oom_kill ' memory/memory.oom_control
  cat memory/memory.max_usage_in_bytes
else
  grep '^oom_kill ' memory.events
  cat memory.peak || cat memory.current
fi
"""


def memory_of(stack, service: str) -> tuple[int, int]:
    """How many processes the kernel killed, and the most bytes used, files included."""
    kills, peak = stack.inside(service, "sh", "-c", CGROUP).splitlines()
    return int(kills.split()[1]), int(peak)
