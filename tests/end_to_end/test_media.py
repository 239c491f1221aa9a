"""Large files in and out, through nginx: chunks, zips, parts and links."""

import base64
import io
import zipfile

import pytest
from photos import jpeg, zip_of
from waiting import wait_until

CHUNK = "application/offset+octet-stream"
PHOTO = jpeg(1600, 1200, seed=21)
ZIPPED = {f"{number}.jpg": jpeg(400, 300, seed=30 + number) for number in range(8)}


@pytest.fixture(scope="module")
def owner(stack):
    return stack.visitor(stack.admin)


@pytest.fixture(scope="module")
def slug(owner):
    return owner.create_gallery("Large files")


def tus(owner, method, path, *, body=None, **headers):
    own = {"X-CSRFToken": owner.token(), "Referer": owner.url + "/"}
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    return owner.request(method, path, data=body, headers=own | given)


def create(owner, slug, *, name, size):
    metadata = f"filename {base64.b64encode(name.encode()).decode()}"
    answer = tus(
        owner,
        "POST",
        f"/api/galleries/{slug}/uploads/",
        Upload_Length=str(size),
        Upload_Metadata=metadata,
    )
    assert answer.status_code == 201, answer.text
    return answer.headers["Location"]


def send(owner, slug, content, *, name, piece):
    """In pieces; each begins where the server says that it is."""
    where = create(owner, slug, name=name, size=len(content))
    while (offset := offset_of(owner, where)) < len(content):
        chunk = content[offset : offset + piece]
        answer = patch(owner, where, chunk, offset=offset)
        assert answer.status_code == 204, answer.text
    return where


def patch(owner, where, chunk, *, offset):
    place = {"Upload_Offset": str(offset), "Content_Type": CHUNK}
    return tus(owner, "PATCH", where, body=chunk, **place)


def offset_of(owner, where):
    return int(tus(owner, "HEAD", where).headers["Upload-Offset"])


@pytest.fixture(scope="module")
def uploaded(owner, slug):
    """A photo and a zip of photos, all of them ready."""
    single = send(owner, slug, PHOTO, name="single.jpg", piece=100_000)
    assert owner.get(single).json()["results"][0]["status"] == "accepted"
    zipped = send(owner, slug, zip_of(ZIPPED), name="more.zip", piece=50_000)

    def unpacked():
        upload = owner.get(zipped).json()
        assert upload["state"] == "done", upload
        return upload

    statuses = [
        result["status"]
        for result in wait_until(unpacked, within=60, what="the zip is unpacked")[
            "results"
        ]
    ]
    assert statuses == ["accepted"] * len(ZIPPED)
    return owner.ready_photos(slug)


def test_what_was_sent_in_chunks_comes_back_whole_and_in_parts(owner, uploaded):
    original = uploaded["single.jpg"]["original_url"]

    whole = owner.get(original)
    part = owner.request("GET", original, headers={"Range": "bytes=1000-1999"})

    assert whole.content == PHOTO
    assert whole.headers["Cache-Control"] == "private, no-store"
    assert (part.status_code, part.content) == (206, PHOTO[1000:2000])


def test_a_rendition_is_kept_for_minutes_and_known_again(owner, stack, uploaded):
    link = uploaded["single.jpg"]["thumbnail_url"]
    first = stack.visitor().get(link)

    known = {"If-None-Match": first.headers["ETag"]}
    again = stack.visitor().request("GET", link, headers=known)

    assert first.headers["Cache-Control"] == "private, max-age=900"
    assert (again.status_code, again.content) == (304, b"")


def test_a_tab_that_was_left_open_is_led_to_a_fresh_link(owner, stack, uploaded):
    link = uploaded["single.jpg"]["thumbnail_url"]
    _, _, expires, signature, *name = link.split("/")
    old = link.replace(expires, str(int(expires) - 24 * 3600))

    # Another one than `link` when a quarter of an hour has begun since.
    fresh = owner.get(old).headers["Location"]
    assert fresh.split("/")[4:] == name
    assert stack.visitor().get(fresh).status_code == 200
    assert stack.visitor().get(old).status_code == 404


def test_the_gallery_comes_as_one_zip(owner, stack, slug, uploaded):
    answer = owner.get(f"/galleries/{slug}/download/")

    assert int(answer.headers["Content-Length"]) == len(answer.content)
    archive = zipfile.ZipFile(io.BytesIO(answer.content))
    assert archive.testzip() is None
    assert set(archive.namelist()) == {"single.jpg", *ZIPPED}
    assert archive.read("single.jpg") == PHOTO
    nobody = stack.visitor().get(f"/galleries/{slug}/download/")
    assert nobody.status_code == 404


def test_a_chunk_that_is_too_large_is_refused_and_nothing_is_lost(owner, slug):
    where = create(owner, slug, name="large.zip", size=200_000_000)
    assert patch(owner, where, b"PK\x03\x04" * 1000, offset=0).status_code == 204

    answer = patch(owner, where, b"x" * 106_000_000, offset=4000)

    assert answer.status_code == 413
    assert "100 MB" in answer.json()["detail"]
    assert offset_of(owner, where) == 4000
    assert tus(owner, "DELETE", where).status_code == 204
    assert tus(owner, "HEAD", where).status_code == 404
