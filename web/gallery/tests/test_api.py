import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from accounts.models import User
from gallery.models import Photo
from gallery.services import claim_photo, draw_photo
from gallery.tests.photos import jpeg

pytestmark = pytest.mark.django_db


@pytest.fixture
def photos_url(gallery):
    return f"/api/galleries/{gallery.slug}/photos/"


@pytest.fixture
def signed_in(client, photographer):
    client.force_login(photographer)
    return client


@pytest.fixture
def member(client):
    client.force_login(User.objects.create_user("guest@example.com", "only-looking"))
    return client


def files(**contents):
    return {
        "files": [
            SimpleUploadedFile(f"{name}.jpg", content)
            for name, content in contents.items()
        ]
    }


def test_an_upload_answers_for_each_file(signed_in, photos_url, sent):
    response = signed_in.post(photos_url, files(good=jpeg(), bad=b"text"))

    good, bad = response.json()["results"]
    assert response.status_code == 201
    assert (good["status"], good["photo"]["state"]) == ("accepted", "waiting")
    assert (bad["status"], bad["code"], bad["photo"]) == (
        "rejected",
        "not_an_image",
        None,
    )


def test_the_status_says_whether_anything_was_taken(signed_in, photos_url, sent):
    assert signed_in.post(photos_url, files(a=jpeg())).status_code == 201
    assert signed_in.post(photos_url, files(a=jpeg())).status_code == 200
    assert signed_in.post(photos_url, files(a=b"text")).status_code == 400
    empty = signed_in.post(photos_url, {})
    assert empty.status_code == 400
    assert "files" in empty.json()["detail"]


def test_visitors_and_members_cannot_upload(client, member, photos_url):
    assert member.post(photos_url, files(a=jpeg())).status_code == 403
    member.logout()
    assert client.post(photos_url, files(a=jpeg())).status_code == 403
    assert not Photo.objects.exists()


def test_an_unknown_gallery_is_not_found(signed_in):
    response = signed_in.post("/api/galleries/nowhere/photos/", files(a=jpeg()))

    assert response.status_code == 404


def test_the_list_shows_what_is_unfinished(signed_in, photos_url, sent):
    signed_in.post(photos_url, files(a=jpeg(seed=1), b=jpeg(seed=2)))
    first = Photo.objects.first()
    draw_photo(
        claim_photo(str(first.pk), worker="w", redelivered=False, now=timezone.now())
    )

    listing = signed_in.get(photos_url).json()

    assert listing["unfinished"] == 1
    assert [photo["state"] for photo in listing["photos"]] == ["ready", "waiting"]
    assert listing["photos"][0]["thumbnail_url"]
    assert listing["photos"][1]["thumbnail_url"] is None


@pytest.mark.parametrize("by_nginx", [True, False])
def test_files_are_sent_to_who_may_see_them(
    signed_in, photos_url, sent, settings, by_nginx
):
    settings.MEDIA_BY_NGINX = by_nginx
    content = jpeg()
    signed_in.post(photos_url, files(a=content))
    url = f"/media/photos/{Photo.objects.get().pk}/original"

    response = signed_in.get(url)

    assert response["Content-Type"] == "image/jpeg"
    assert response["X-Content-Type-Options"] == "nosniff"
    if by_nginx:
        assert response["X-Accel-Redirect"].startswith("/protected-media/photos/")
    else:
        assert response.getvalue() == content
    signed_in.logout()
    assert signed_in.get(url).status_code == 403


def test_a_file_that_does_not_exist_yet_is_not_found(signed_in, photos_url, sent):
    signed_in.post(photos_url, files(a=jpeg()))

    url = f"/media/photos/{Photo.objects.get().pk}/preview"
    assert signed_in.get(url).status_code == 404


def test_owners_delete_their_photos_and_members_do_not(
    client, photographer, photos_url, sent
):
    client.force_login(photographer)
    client.post(photos_url, files(a=jpeg()))
    url = f"/api/photos/{Photo.objects.get().pk}/"
    client.force_login(User.objects.create_user("guest@example.com", "only-looking"))

    assert client.delete(url).status_code == 403
    assert Photo.objects.count() == 1

    client.force_login(photographer)
    assert client.delete(url).status_code == 204
    assert not Photo.objects.exists()
