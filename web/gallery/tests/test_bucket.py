"""The gallery with its files in a bucket instead of a folder."""

from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import pytest
from django.utils import timezone

from gallery.models import Gallery, Photo
from gallery.services import claim_photo, draw_photo
from gallery.tests.photos import jpeg
from socle.core.media import media_storage

pytestmark = pytest.mark.django_db


@pytest.fixture
def in_bucket(settings):
    def use(url, *, signs):
        settings.STORAGES = settings.STORAGES | {"default": media_storage(url)}
        settings.MEDIA_STORAGE_URL = url
        settings.MEDIA_BY_BUCKET = signs

    return use


def test_a_photo_is_uploaded_drawn_shown_and_deleted_in_a_bucket(
    in_bucket,
    settings,
    client,
    photographer,
    gallery,
    upload,
    sent,
    media,
    django_capture_on_commit_callbacks,
):
    in_bucket(f"{settings.BACKUP_STORAGE_URL}/{uuid4()}/live", signs=False)
    client.force_login(photographer)
    content = jpeg()
    url = f"/api/galleries/{gallery.slug}/photos/"
    answer = client.post(url, {"files": upload("one.jpg", content)})
    assert answer.status_code == 201, answer.content

    photo = Photo.objects.get()
    draw_photo(
        claim_photo(str(photo.pk), worker="w", redelivered=False, now=timezone.now())
    )
    photo.refresh_from_db()

    assert photo.state == Photo.State.READY
    assert list(media.rglob("*.*")) == []
    shown = client.get(f"/media/photos/{photo.pk}/original")
    assert b"".join(shown.streaming_content) == content
    thumbnail = client.get(f"/media/photos/{photo.pk}/thumbnail")
    assert b"".join(thumbnail.streaming_content)[8:12] == b"WEBP"
    storage, names = photo.original.storage, [photo.original.name, photo.preview.name]
    with django_capture_on_commit_callbacks(execute=True):
        assert client.delete(f"/api/photos/{photo.pk}/").status_code == 204
    assert not any(storage.exists(name) for name in names)


def test_a_bucket_that_signs_links_is_where_the_browser_loads_from(
    in_bucket, monkeypatch, client, photographer, gallery
):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "a-key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "a-secret")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    in_bucket("s3://photos/socle/live", signs=True)
    photo = Photo.objects.create(
        gallery=gallery,
        owner=photographer,
        name="sea.jpg",
        original="photos/ab/sea.jpg",
        preview="photos/ab/preview.webp",
        content_type="image/jpeg",
        sha256="0" * 64,
        size_bytes=1,
        width=1,
        height=1,
        has_location=False,
    )
    client.force_login(photographer)

    answer = client.get(f"/media/photos/{photo.pk}/original")

    assert answer.status_code == 302
    place = urlsplit(answer.url)
    assert "photos" in place.netloc + place.path
    assert place.path.endswith("/socle/live/photos/ab/sea.jpg")
    words = parse_qs(place.query)
    assert words["response-content-type"] == ["image/jpeg"]
    assert words["response-content-disposition"] == ["inline; filename*=UTF-8''sea.jpg"]
    assert 0 < int(words["X-Amz-Expires"][0]) <= 600
    assert answer["Cache-Control"] == "private, no-store"
    for variant, name in (("original", "sea.jpg"), ("preview", "sea-preview.webp")):
        kept = client.get(f"/media/photos/{photo.pk}/{variant}?download")
        words = parse_qs(urlsplit(kept.url).query)
        assert words["response-content-disposition"] == [
            f"attachment; filename*=UTF-8''{name}"
        ]
    gallery.visibility = Gallery.Visibility.PUBLIC
    gallery.save()
    shown = client.get(f"/media/photos/{photo.pk}/original")
    assert shown["Cache-Control"] == "private, max-age=300"


def test_a_link_is_given_to_those_alone_who_may_see_the_photo(
    in_bucket, client, gallery
):
    in_bucket("s3://photos/socle/live", signs=True)
    answer = client.get(f"/media/photos/{uuid4()}/original")
    assert answer.status_code == 404
