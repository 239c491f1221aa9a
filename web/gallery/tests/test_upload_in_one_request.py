"""Uploading photos in one request, for small clients."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from gallery.models import Gallery, Photo
from gallery.tests.people import person
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
def member(client, photographer):
    client.force_login(person("member"))
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
    assert signed_in.post(photos_url, files(a=b"text")).status_code == 200
    empty = signed_in.post(photos_url, {})
    assert empty.status_code == 400
    assert empty.json()["errors"][0]["field"] == "files"


def test_visitors_and_members_cannot_upload(client, member, photos_url):
    assert member.post(photos_url, files(a=jpeg())).status_code == 403
    member.logout()
    assert client.post(photos_url, files(a=jpeg())).status_code == 404
    Gallery.objects.update(visibility="public")
    assert client.post(photos_url, files(a=jpeg())).status_code == 401
    assert not Photo.objects.exists()


def test_an_unknown_gallery_is_not_found(signed_in):
    response = signed_in.post("/api/galleries/nowhere/photos/", files(a=jpeg()))

    assert response.status_code == 404
