"""Who gets originals that say where they were taken: one by one, and zipped."""

import io
import zipfile

import pytest
from django.conf import settings
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from accounts.services import fill_groups
from gallery import downloads
from gallery.backfill import look_for_locations
from gallery.deleting import delete_photo
from gallery.downloads import claim_download, pack, request_download
from gallery.models import Download, Gallery, Photo
from gallery.photo_import import accept_uploads
from gallery.services import claim_photo, draw_photo
from gallery.tests.located import XMP, exif, opened, png_text
from gallery.tests.people import person
from gallery.tests.photos import encoded, jpeg, picture
from gallery.tests.stored import stored_photo

pytestmark = pytest.mark.django_db
LOCATED = encoded(picture(90, 60), "JPEG", exif=exif())
STUBBORN = png_text("XML:com.adobe.xmp", XMP, packed=True)


@pytest.fixture
def public(gallery, sent):
    gallery.visibility = Gallery.Visibility.PUBLIC
    gallery.save()
    return gallery


def uploaded(gallery, content, *, name="home.jpg", owner=None):
    file = SimpleUploadedFile(name, content)
    owner = owner or gallery.owner
    (result,) = accept_uploads(gallery, [file], owner=owner, now=timezone.now())
    return result.photo


def drawn(photo):
    claimed = claim_photo(
        str(photo.pk), worker="", redelivered=False, now=timezone.now()
    )
    draw_photo(claimed)
    return Photo.objects.get(pk=photo.pk)


def got(client, photo):
    answer = client.get(f"/media/photos/{photo.pk}/original")
    assert answer.status_code == 200
    return answer, b"".join(answer.streaming_content)


def zipped(client, gallery):
    answer = client.get(f"/galleries/{gallery.slug}/download/")
    archive = zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content)))
    return {name: archive.read(name) for name in archive.namelist()}


def has_place(content):
    return bool(opened(content).getexif().get_ifd(0x8825)) or b"GPSLatitude" in content


def test_upload_tells_that_the_photo_says_where_it_was_taken(client, public):
    client.force_login(public.owner)
    address = f"/api/galleries/{public.slug}/photos/"

    answer = client.post(address, {"files": SimpleUploadedFile("a.jpg", LOCATED)})
    other = client.post(address, {"files": SimpleUploadedFile("b.jpg", jpeg())})

    assert answer.json()["results"][0]["photo"]["has_location"] is True
    assert other.json()["results"][0]["photo"]["has_location"] is False


@pytest.mark.parametrize(
    ("who", "sees"),
    [
        ("", False),
        ("member", False),
        ("photographer", False),
        ("operator", False),
        ("moderator", True),
        ("owner of the gallery", True),
        ("owner of the photo", True),
    ],
)
def test_strangers_get_originals_without_the_place(client, public, who, sees):
    fill_groups()
    sender = person("photographer")
    photo = uploaded(public, LOCATED, owner=sender)
    people = {"owner of the gallery": public.owner, "owner of the photo": sender}
    if who:
        client.force_login(people.get(who) or person(who))

    answer, content = got(client, photo)

    assert has_place(content) is sees
    assert len(content) == len(LOCATED)
    assert opened(content).getexif()[0x0112] == 6, "it is turned as before"
    assert answer["Content-Type"] == "image/jpeg"
    assert "home.jpg" in answer["Content-Disposition"]
    assert answer["Cache-Control"] == "private, no-store"
    may_edit_gallery = sees and who != "owner of the photo"
    assert has_place(zipped(client, public)["home.jpg"]) is may_edit_gallery


def test_gallery_whose_owner_says_so_shows_places_to_all(client, public):
    photo = uploaded(public, LOCATED)
    client.force_login(public.owner)
    address = f"/api/galleries/{public.slug}/"
    assert client.get(address).json()["shows_locations"] is False

    changed = client.patch(
        address, {"shows_locations": True}, content_type="application/json"
    )
    client.logout()

    assert changed.json()["shows_locations"] is True
    assert has_place(got(client, photo)[1])
    assert has_place(zipped(client, public)["home.jpg"])


def test_photo_without_a_place_is_stored_once(client, public):
    photo = uploaded(public, jpeg())

    assert photo.has_location is False
    assert not photo.without_location
    assert got(client, photo)[1] == jpeg()


def test_place_that_cannot_be_blanked_leaves_strangers_the_preview(client, public):
    photo = uploaded(public, STUBBORN, name="map.png")
    missing = client.get(f"/media/photos/{photo.pk}/original")
    assert missing.status_code == 404, "nothing is drawn yet"
    assert client.get(f"/galleries/{public.slug}/download/").status_code == 404
    photo = drawn(photo)

    answer, content = got(client, photo)

    assert answer["Content-Type"] == "image/webp"
    assert "map-preview.webp" in answer["Content-Disposition"]
    assert opened(content).format == "WEBP"
    assert list(zipped(client, public)) == ["map-preview.webp"]
    client.force_login(public.owner)
    assert got(client, photo)[1] == STUBBORN


def test_zip_with_places_is_not_for_strangers(client, public, monkeypatch):
    monkeypatch.setattr(downloads, "SMALL_BYTES", -1)
    monkeypatch.setattr(downloads, "enqueue_download", lambda one: True)
    photo = uploaded(public, LOCATED)
    now = timezone.now()
    whole = request_download(public, with_locations=True, now=now)
    bare = request_download(public, now=now)
    for download in (whole, bare):
        assert pack(
            claim_download(str(download.pk), worker="w", redelivered=False, now=now)
        )

    assert whole.pk != bare.pk
    for address in (f"/downloads/{whole.pk}/", f"/api/downloads/{whole.pk}/"):
        assert client.get(address).status_code in {404}, address
    content = b"".join(client.get(f"/downloads/{bare.pk}/").streaming_content)
    (inside,) = zipfile.ZipFile(io.BytesIO(content)).namelist()
    assert not has_place(zipfile.ZipFile(io.BytesIO(content)).read(inside))
    client.force_login(public.owner)
    content = b"".join(client.get(f"/downloads/{whole.pk}/").streaming_content)
    assert has_place(zipfile.ZipFile(io.BytesIO(content)).read(photo.name))


def test_zips_of_before_are_not_for_strangers(client, public):
    """The column's own value is what rows have that were there before it."""
    download = Download.objects.create(gallery=public, fingerprint="f", state="ready")
    field = Download._meta.get_field("has_locations")

    assert field.db_default is True
    Download.objects.update(has_locations=True)
    assert client.get(f"/api/downloads/{download.pk}/").status_code == 404


def test_photos_of_before_are_safe_at_once_and_looked_at_in_time(client, public):
    photo = stored_photo(public, public.owner, content=LOCATED)
    plain = stored_photo(public, public.owner, seed=2)
    gone = stored_photo(public, public.owner, seed=3)
    default_storage.delete(gone.original.name)
    Photo.objects.update(has_location=None)
    photo.refresh_from_db()
    answer, content = got(client, photo)
    assert answer["Content-Type"] == "image/webp"
    assert b"preview of" in content

    assert look_for_locations(seconds=60) == 3
    assert look_for_locations(seconds=60) == 0

    assert not has_place(got(client, photo)[1])
    assert got(client, plain)[0]["Content-Type"] == "image/jpeg"
    gone.refresh_from_db()
    assert gone.has_location is True, "nobody knows what a backup brings back"


def test_photos_whose_files_give_trouble_keep_no_others_back(public, monkeypatch):
    photo = stored_photo(public, public.owner, content=LOCATED)
    odd = stored_photo(public, public.owner, seed=2)
    default_storage.delete(odd.original.name)
    (settings.MEDIA_ROOT / odd.original.name).mkdir(parents=True)
    Photo.objects.update(has_location=None)

    assert look_for_locations(seconds=60) == 1

    photo.refresh_from_db()
    assert photo.has_location is True
    assert Photo.objects.never_looked_at().get().pk == odd.pk


def test_copy_goes_with_its_photo(public, django_capture_on_commit_callbacks):
    photo = uploaded(public, LOCATED)
    assert default_storage.exists(photo.without_location.name)

    with django_capture_on_commit_callbacks(execute=True):
        delete_photo(photo)

    assert not default_storage.exists(photo.without_location.name)
