"""By whichever door a name comes in, it is composed and hides nothing."""

import base64
import unicodedata
from importlib import import_module

import pytest
from django.apps import apps
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.utils import timezone

from accounts import invitations
from accounts.models import User
from gallery.models import Gallery, Photo, Upload
from gallery.tests.people import person, photo_row
from gallery.tests.photos import jpeg, zip_of

pytestmark = pytest.mark.django_db
TURNED = "photo\u202egpj.exe"
TAKEN_APART = unicodedata.normalize("NFD", "Été à Nîmes")
JSON = {"content_type": "application/json"}


@pytest.fixture
def signed_in(client, photographer):
    client.force_login(photographer)
    return client


def test_a_gallery_of_the_api(signed_in):
    facts = {"name": TURNED, "description": f"{TAKEN_APART}\u200b\nsecond line"}
    made = signed_in.post("/api/galleries/", facts, **JSON).json()
    url = f"/api/galleries/{made['slug']}/"
    changed = signed_in.patch(url, {"name": TAKEN_APART}, **JSON).json()

    assert made["name"] == "photogpj.exe"
    assert made["description"] == "Été à Nîmes\nsecond line"
    assert changed["name"] == "Été à Nîmes"


@pytest.mark.parametrize("name", ["\u200b\u202e", "\u2066\u2069 ", "\x00"])
def test_a_name_of_hidden_characters_alone_is_an_empty_one(signed_in, name):
    answer = signed_in.post("/api/galleries/", {"name": name}, **JSON)
    form = signed_in.post("/galleries/new/", {"name": name, "visibility": "public"})

    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"] == "name"
    assert form.status_code == 200
    assert not Gallery.objects.exists()


def test_a_gallery_of_the_pages(signed_in):
    form = {"name": TURNED, "description": TURNED, "visibility": "public"}
    signed_in.post("/galleries/new/", form)

    gallery = Gallery.objects.get()
    assert (gallery.name, gallery.description) == ("photogpj.exe", "photogpj.exe")


def test_a_photo_of_the_api_and_of_the_admin(signed_in, gallery):
    photo = photo_row(gallery)
    photo.save()
    facts = {"name": TURNED, "caption": f"{TAKEN_APART}\u2069"}
    shown = signed_in.patch(f"/api/photos/{photo.pk}/", facts, **JSON).json()
    assert (shown["name"], shown["caption"]) == ("photogpj.exe", "Été à Nîmes")

    signed_in.force_login(person("superuser"))
    form = {"name": "a\u202eb", "caption": "c\u202ed", "gallery": gallery.pk}
    url = f"/admin/gallery/photo/{photo.pk}/change/"
    signed_in.post(url, form | {"taken_at_0": "", "taken_at_1": ""})
    photo.refresh_from_db()
    assert (photo.name, photo.caption) == ("ab", "cd")


NAMES = {
    f"{TAKEN_APART}.jpg": "Été à Nîmes.jpg",
    "صورة\u202e.jpg": "صورة.jpg",
    "...": "unnamed",
    ".jpg": "unnamed.jpg",
    "\u200b": "unnamed",
    "50%20off%2F.jpg": "50%20off%2F.jpg",
    "é" * 300 + ".jpg": "é" * 195 + "….jpg",
}


@pytest.mark.parametrize(("name", "expected"), NAMES.items(), ids=map(ascii, NAMES))
def test_an_uploaded_photo(sender, sent, name, expected):
    photos = f"/api/galleries/{Gallery.objects.get().slug}/photos/"
    zipped = zip_of({f"folder/{name}": jpeg(seed=2)})
    files = [SimpleUploadedFile(name, jpeg(seed=1))] if name != "..." else []
    files.append(SimpleUploadedFile("camp.zip", zipped))

    sender.client.post(photos, {"files": files})
    sender.send(jpeg(seed=3), name=name)

    found = Photo.objects.values_list("name", flat=True)
    assert set(found) <= {expected, "unnamed"}
    assert Upload.objects.get().results[0]["name"] == expected


def test_the_name_of_an_upload_may_have_another_key_or_none(sender):
    def named(metadata):
        address = sender.create(5, **{"Upload-Metadata": metadata})["Location"]
        return sender.client.get(address).json()["name"]

    encoded = base64.b64encode(b"camp.jpg").decode()
    assert named(f"name {encoded},type aW1hZ2U=") == "camp.jpg"
    assert named(f"is_private,  filename   {encoded}") == "camp.jpg"
    assert named("filename") == named("") == "unnamed"


def test_a_person(signed_in, photographer):
    names = {"first_name": TURNED, "last_name": TAKEN_APART}
    shown = signed_in.patch("/api/account/", names, **JSON).json()

    assert (shown["first_name"], shown["last_name"]) == ("photogpj.exe", "Été à Nîmes")
    names = {"first_name": "a\u202eb", "last_name": "c\u200bd", "language": ""}
    signed_in.post("/account/", names)
    photographer.refresh_from_db()
    assert photographer.get_full_name() == "ab cd"


def test_whoever_accepts_an_invitation(client, photographer):
    by, now = person("superuser"), timezone.now()
    made = invitations.invite("new@example.com", role="member", by=by, now=now)
    names = {"first_name": TURNED, "last_name": TAKEN_APART}
    answer = client.post(
        "/api/invitations/accept/",
        {"token": invitations.key_of(made), "password": "chartreuse-1084", **names},
        **JSON,
    )

    assert answer.status_code < 300, answer.content
    new = User.objects.get(email="new@example.com")
    assert new.get_full_name() == "photogpj.exe Été à Nîmes"


def test_rows_of_before_are_cleaned(gallery):
    photo = photo_row(gallery)
    photo.save()
    with connection.cursor() as cursor:
        cursor.execute("UPDATE gallery_photo SET name = %s, caption = %s", [TURNED] * 2)
        cursor.execute("UPDATE gallery_gallery SET name = %s", ["\u200b"])
        cursor.execute("UPDATE accounts_user SET first_name = %s", [TAKEN_APART])

    import_module("gallery.migrations.0005_visible_names").clean(apps, None)
    import_module("accounts.migrations.0004_visible_names").clean(apps, None)

    photo, gallery = Photo.objects.get(), Gallery.objects.get()
    assert (photo.name, photo.caption) == ("photogpj.exe", "photogpj.exe")
    assert (gallery.name, gallery.photo_count) == ("unnamed", 1)
    assert User.objects.get().first_name == "Été à Nîmes"
