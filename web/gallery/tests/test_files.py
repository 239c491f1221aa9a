"""Who is sent which file, by whom, and for how long it may be kept."""

import time
import uuid

import pytest
from django.contrib.auth.models import Group
from django.test import Client
from django.urls import reverse

from accounts.models import User
from gallery import media_links
from gallery.media_links import SAME_FOR_SECONDS, link, signed
from gallery.models import Gallery
from gallery.tests.stored import bytes_of, stored_photo

pytestmark = pytest.mark.django_db


@pytest.fixture
def photo(gallery, photographer):
    gallery.visibility = Gallery.Visibility.PRIVATE
    gallery.save()
    return stored_photo(gallery, photographer)


@pytest.fixture
def owner(client, photographer):
    client.force_login(photographer)
    return client


def address(photo, variant="thumbnail"):
    return link(photo, variant)


def named(signed_link):
    """The file; what stands before it changes each quarter of an hour."""
    return signed_link.split("/", 4)[4]


def body_of(response):
    return b"".join(response.streaming_content)


def read(response):
    """To its end, which closes the file."""
    return b"".join(response)


@pytest.fixture
def program(photographer):
    """A client that has a token of its owner's, and no cookies."""
    person = {"email": photographer.email, "password": "yosemite-1941"}
    got = Client().post("/api/auth/tokens/", person, content_type="application/json")
    return Client(headers={"authorization": f"Bearer {got.json()['access']}"})


def test_a_client_of_the_api_gets_the_files_that_it_names(program, photo):
    named = program.get(f"/api/photos/{photo.pk}/").json()
    original = program.get(named["original_url"])
    assert body_of(original) == bytes_of(photo.original)
    assert original["Cache-Control"].startswith("private")
    assert body_of(program.get(named["preview_url"])) == bytes_of(photo.preview)


def test_a_token_that_is_not_good_is_told(photo):
    zipped = reverse("gallery:download_file", args=[uuid.uuid4()])
    for path in (f"/media/photos/{photo.pk}/original", address(photo), zipped):
        wrong = Client(headers={"authorization": "Bearer a.b.c"}).get(path)
        assert wrong.status_code == 401, path
        assert wrong.json()["code"] == "invalid_token"
        assert wrong["WWW-Authenticate"].startswith("Bearer")


def test_a_rendition_is_sent_by_its_signed_link_without_a_question(
    client, photo, django_assert_num_queries
):
    with django_assert_num_queries(0):
        answer = client.get(address(photo))

    assert answer.status_code == 200
    assert body_of(answer) == bytes_of(photo.thumbnail)
    assert answer["Content-Type"] == "image/webp"
    assert answer["Cache-Control"] == "private, max-age=900"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Security-Policy"] == "default-src 'none'; sandbox"


def test_a_link_stays_the_same_for_a_while_and_is_valid_for_as_long():
    now = 1_800_000_000
    start = now - now % SAME_FOR_SECONDS
    name = "photos/ab/x/thumbnail.webp"

    same = {signed(name, now=start + second) for second in (0, 1, 450, 899.9)}
    next_one = signed(name, now=start + SAME_FOR_SECONDS)

    assert len(same) == 1
    assert next_one not in same
    expires = int(same.pop().split("/")[2])
    assert 900 < expires - (start + 899.9) < expires - start <= 1800


def test_no_other_signature_is_good(client, photo, gallery, photographer):
    other = stored_photo(gallery, photographer, seed=1)
    good = address(photo)
    _, media, expires, signature, *rest = good.split("/")
    swapped = good.replace(photo.thumbnail.name, other.thumbnail.name)
    wrong = [
        swapped,
        good.replace("thumbnail", "preview"),
        "/".join(["", media, str(int(expires) + 900), signature, *rest]),
        "/".join(["", media, expires, signature[::-1], *rest]),
        signed(photo.thumbnail.name, now=time.time() - 3600),
        signed(photo.original.name, now=time.time()),
        good.replace("thumbnail.webp", "../x/thumbnail.webp"),
    ]

    for one in wrong:
        assert client.get(one).status_code == 404, one


def test_without_a_key_no_link_is_signed_and_none_is_good(owner, photo, settings):
    good = address(photo)
    settings.MEDIA_LINK_KEY = ""
    forged = signed(photo.thumbnail.name, now=time.time())

    assert address(photo) == f"/media/photos/{photo.pk}/thumbnail"
    assert body_of(owner.get(address(photo))) == bytes_of(photo.thumbnail)
    for one in (good, forged):
        answer = owner.get(one)
        assert (answer.status_code, answer.url) == (302, address(photo))
        owner.logout()
        assert owner.get(one).status_code == 404
        owner.force_login(photo.owner)


def test_an_expired_link_leads_whoever_may_see_it_to_a_fresh_one(owner, photo):
    old = signed(photo.thumbnail.name, now=time.time() - 3600)

    answer = owner.get(old)

    assert (answer.status_code, named(answer.url)) == (302, photo.thumbnail.name)
    assert answer["Cache-Control"] == "private, no-store"
    assert body_of(owner.get(answer.url)) == bytes_of(photo.thumbnail)


def test_the_lasting_address_leads_to_the_signed_one(owner, photo):
    answer = owner.get(f"/media/photos/{photo.pk}/preview")

    assert (answer.status_code, named(answer.url)) == (302, photo.preview.name)
    assert body_of(owner.get(answer.url)) == bytes_of(photo.preview)


@pytest.mark.parametrize("by_nginx", [True, False])
def test_a_rendition_to_keep_is_sent_with_its_name(owner, photo, settings, by_nginx):
    settings.MEDIA_BY_NGINX = by_nginx

    answer = owner.get(f"/media/photos/{photo.pk}/preview?download")

    assert answer.status_code == 200  # a signed address has no name to save it by
    kept = "attachment; filename*=UTF-8''camp-preview.webp"
    assert answer["Content-Disposition"] == kept
    assert answer["Content-Type"] == "image/webp"
    if by_nginx:
        assert answer["X-Accel-Redirect"] == f"/protected-media/{photo.preview.name}"
    else:
        assert read(answer) == bytes_of(photo.preview)
    owner.logout()
    assert owner.get(f"/media/photos/{photo.pk}/preview?download").status_code == 404


@pytest.mark.parametrize("visibility", Gallery.Visibility.values)
def test_files_follow_the_rule_of_their_gallery(client, photo, gallery, visibility):
    gallery.visibility = visibility
    gallery.save()
    member = User.objects.create_user("guest@example.com", "only-looking")
    member.groups.add(Group.objects.get(name="member"))
    sees = {"public": [None, member], "members": [member], "private": []}
    old = signed(photo.thumbnail.name, now=time.time() - 3600)
    addresses = [address(photo, "original"), f"/media/photos/{photo.pk}/preview", old]

    for visitor in (None, member):
        client.logout()
        if visitor:
            client.force_login(visitor)
        for one in addresses:
            answer = client.get(one)
            read(answer)
            expected = {200, 302} if visitor in sees[visibility] else {404}
            assert answer.status_code in expected, (visitor, one)


def test_an_original_is_kept_by_nobody_unless_it_is_public(owner, photo, gallery):
    original = address(photo, "original")
    assert original == f"/media/photos/{photo.pk}/original"

    answer = owner.get(original)

    assert body_of(answer) == bytes_of(photo.original)
    assert answer["Cache-Control"] == "private, no-store"
    assert answer["Content-Type"] == "image/jpeg"
    assert answer["Content-Disposition"] == "inline; filename*=UTF-8''camp.jpg"
    gallery.visibility = Gallery.Visibility.PUBLIC
    gallery.save()
    shown = owner.get(original, {"download": ""})
    assert shown["Cache-Control"] == "private, max-age=300"
    assert shown["Content-Disposition"] == "attachment; filename*=UTF-8''camp.jpg"
    read(shown)


@pytest.mark.parametrize(
    ("asked", "status", "part"),
    [
        ("bytes=0-3", 206, slice(0, 4)),
        ("bytes=10-", 206, slice(10, None)),
        ("bytes=-5", 206, slice(-5, None)),
        ("bytes=-999999", 206, slice(None)),
        ("bytes=0-999999", 206, slice(None)),
        ("bytes=999999-", 416, slice(0, 0)),
        ("bytes=-0", 416, slice(0, 0)),
        ("bytes=5-2", 200, slice(None)),
        ("bytes=0-1,5-6", 200, slice(None)),
        ("bytes=-", 200, slice(None)),
        ("pages=1-2", 200, slice(None)),
    ],
)
def test_parts_are_sent_without_nginx_too(owner, photo, asked, status, part):
    whole = bytes_of(photo.original)

    answer = owner.get(address(photo, "original"), headers={"Range": asked})

    content = read(answer)
    assert (answer.status_code, content) == (status, whole[part])
    if status == 206:
        assert int(answer["Content-Length"]) == len(content)
        assert answer["Content-Range"].endswith(f"/{len(whole)}")
    if status == 416:
        assert answer["Content-Range"] == f"bytes */{len(whole)}"


def test_what_a_browser_has_is_not_sent_again(owner, photo):
    original = address(photo, "original")
    first = owner.get(original)
    read(first)
    etag, modified = first["ETag"], first["Last-Modified"]

    known = owner.get(original, headers={"If-None-Match": etag})
    since = owner.get(original, headers={"If-Modified-Since": modified})
    other = owner.get(original, headers={"If-None-Match": '"other"'})

    assert (known.status_code, since.status_code, other.status_code) == (304, 304, 200)
    assert known["ETag"] == etag
    assert known.content == b""
    for condition, status in ((etag, 206), (modified, 206), ('"other"', 200)):
        given = {"Range": "bytes=0-3", "If-Range": condition}
        answer = owner.get(original, headers=given)
        assert answer.status_code == status, condition
        read(answer)
    read(other)


def test_behind_nginx_django_sends_no_byte(owner, photo, settings):
    settings.MEDIA_BY_NGINX = True

    answer = owner.get(address(photo, "original"))

    assert answer["X-Accel-Redirect"] == f"/protected-media/{photo.original.name}"
    assert answer.content == b""
    again = owner.get(address(photo))  # nginx and Django do not agree on the time
    assert again["X-Accel-Redirect"] == f"/protected-media/{photo.thumbnail.name}"


def test_a_file_that_is_missing_is_not_found(owner, photo):
    photo.original.storage.delete(photo.original.name)

    assert owner.get(address(photo, "original")).status_code == 404
    photo.thumbnail.storage.delete(photo.thumbnail.name)
    assert owner.get(address(photo)).status_code == 404
    assert owner.get(f"/media/photos/{'-' * 36}/original").status_code == 404


def test_thousands_of_links_cost_milliseconds(photo):
    began = time.process_time()
    for _ in range(5000):
        link(photo, "thumbnail")
    assert time.process_time() - began < 2


def test_there_is_no_link_to_what_is_not_drawn_yet(photo, settings):
    photo.thumbnail = ""
    assert address(photo) is None
    settings.MEDIA_STORAGE_URL = "s3://bucket/live"
    assert not media_links.are_signed()
    assert address(photo, "preview") == f"/media/photos/{photo.pk}/preview"
