"""Galleries over HTTP."""

from datetime import UTC, date, datetime
from uuid import uuid4

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage, storages

from gallery.models import Download, Gallery, Photo
from gallery.tests.people import person, photo_row, ready_row

pytestmark = pytest.mark.django_db
URL = "/api/galleries/"


@pytest.fixture
def signed_in(client, photographer):
    client.force_login(photographer)
    return client


def slugs(answer):
    return [gallery["slug"] for gallery in answer.json()["results"]]


def patch(client, gallery, facts):
    url = f"{URL}{gallery.slug}/"
    return client.patch(url, facts, content_type="application/json")


def test_a_gallery_is_shown_with_all_that_a_page_needs(signed_in, gallery):
    cover = ready_row(gallery, 1, placeholder="data:image/webp;base64,AA==")
    cover.save()

    shown = signed_in.get(f"{URL}{gallery.slug}/").json()

    assert signed_in.get(URL).json()["results"] == [shown]
    assert shown.pop("created_at").endswith("Z")
    assert shown["cover"].pop("thumbnail_url").startswith("/media/")
    assert shown == {
        "name": "Summer camp",
        "slug": "summer-camp",
        "description": "",
        "event_date": None,
        "visibility": "members",
        "shows_locations": False,
        "photo_count": 1,
        "cover": {
            "id": str(cover.pk),
            "width": 1500,
            "height": 1000,
            "placeholder": "data:image/webp;base64,AA==",
        },
        "owner_name": "ansel",
        "url": "/galleries/summer-camp/",
        "can_edit": True,
        "can_upload": True,
    }


def test_an_owner_is_named_and_their_address_is_not_told(client, gallery, photographer):
    Gallery.objects.update(visibility="public")
    assert "ansel@example.com" not in client.get(URL).content.decode()

    photographer.first_name, photographer.last_name = "Ansel", "Adams"
    photographer.save()
    assert client.get(URL).json()["results"][0]["owner_name"] == "Ansel Adams"


@pytest.mark.parametrize("role", ["", "member", "photographer", "superuser"])
def test_a_list_costs_four_queries_however_long_it_is(
    client, photographer, role, django_assert_max_num_queries
):
    for number in range(12):
        gallery = Gallery.objects.create(
            name=f"G{number}", owner=photographer, visibility="public"
        )
        ready_row(gallery, number).save()
    if role:
        client.force_login(person(role))
    client.get(URL)  # brings the tokens, and
    client.get(URL)  # their first use is noted

    with django_assert_max_num_queries(4):
        found = client.get(URL).json()["results"]

    assert len(found) == 12
    assert all(gallery["cover"] for gallery in found)


def test_galleries_are_narrowed_by_words_year_and_visibility(signed_in, photographer):
    def made(name, **facts):
        return Gallery.objects.create(name=name, owner=photographer, **facts).slug

    lake = made("Lake", description="L'été", event_date=date(2024, 7, 1))
    hill = made("Hill-top", visibility="public", event_date=date(2025, 12, 31))
    undated = made("Hut", created_at=datetime(2024, 3, 1, tzinfo=UTC))

    def found(**query):
        return set(slugs(signed_in.get(URL, query)))

    assert found(search="lak") == found(search="été") == {lake}
    assert found(search="top") == {hill}
    assert found(year=2024) == {lake, undated}
    assert found(year=2025) == {hill}
    assert found(visibility="public") == {hill}
    assert found(year=2024, visibility="public") == set()


@pytest.mark.parametrize(
    ("field", "value"),
    [("year", "soon"), ("visibility", "secret"), ("limit", "201"), ("cursor", "x")],
)
def test_a_value_that_makes_no_sense_is_named(client, db, field, value):
    answer = client.get(URL, {field: value})

    assert answer.status_code == 400
    assert [error["field"] for error in answer.json()["errors"]] == [field]


def test_an_unchanged_gallery_is_not_sent_again(signed_in, gallery):
    url = f"{URL}{gallery.slug}/"
    etag = signed_in.get(url)["ETag"]

    assert signed_in.get(url, headers={"If-None-Match": etag}).status_code == 304
    photo_row(gallery, 1).save()
    assert signed_in.get(url, headers={"If-None-Match": etag}).status_code == 200


def test_a_photographer_makes_a_gallery(signed_in, photographer):
    facts = {
        "name": "Élan d’été",
        "description": "By the lake",
        "event_date": "2026-07-04",
        "visibility": "private",
    }

    answer = signed_in.post(URL, facts, content_type="application/json")

    gallery = Gallery.objects.get()
    assert answer.status_code == 201
    assert gallery.owner == photographer
    assert answer.json().items() >= {**facts, "slug": "elan-dete"}.items()


@pytest.mark.parametrize(
    ("role", "status"), [("", 401), ("member", 403), ("moderator", 201)]
)
def test_who_may_make_a_gallery(client, gallery, role, status):
    if role:
        client.force_login(person(role))

    answer = client.post(URL, {"name": "Mine"}, content_type="application/json")

    assert answer.status_code == status
    assert Gallery.objects.filter(name="Mine").exists() == (status == 201)


def test_an_owner_changes_what_they_name_and_the_address_stays(signed_in, gallery):
    answer = patch(signed_in, gallery, {"name": "Winter", "event_date": "2026-01-02"})

    gallery.refresh_from_db()
    assert answer.status_code == 200
    assert answer.json()["name"] == gallery.name == "Winter"
    assert (gallery.slug, gallery.visibility) == ("summer-camp", "members")
    assert patch(signed_in, gallery, {"slug": "x", "photo_count": 9}).status_code == 200
    gallery.refresh_from_db()
    assert (gallery.slug, gallery.photo_count) == ("summer-camp", 0)


@pytest.mark.parametrize(
    "facts",
    [
        {"name": ""},
        {"name": "x" * 121},
        {"event_date": "2026-02-30"},
        {"visibility": "secret"},
        {"cover_id": "me"},
        {"cover_id": "00000000-0000-4000-8000-000000000000"},
    ],
)
def test_facts_that_make_no_sense_are_named(signed_in, gallery, facts):
    answer = patch(signed_in, gallery, facts)

    assert answer.status_code == 400
    assert [error["field"] for error in answer.json()["errors"]] == list(facts)


def test_a_cover_is_a_photo_of_the_gallery(signed_in, gallery, photographer):
    other = Gallery.objects.create(name="Other", owner=photographer)
    rows = [ready_row(gallery, 1), ready_row(gallery, 2), ready_row(other, 3)]
    first, chosen, foreign = Photo.objects.bulk_create(rows)

    refused = patch(signed_in, gallery, {"cover_id": str(foreign.pk)})
    unknown = patch(signed_in, gallery, {"cover_id": str(uuid4())})
    assert (refused.status_code, refused.json()) == (400, unknown.json())
    answer = patch(signed_in, gallery, {"cover_id": str(chosen.pk)})
    assert answer.json()["cover"]["id"] == str(chosen.pk)
    answer = patch(signed_in, gallery, {"cover_id": None})
    assert answer.json()["cover"]["id"] == str(first.pk)


def test_a_deleted_gallery_takes_all_files_along_and_no_others(
    signed_in, gallery, photographer, django_capture_on_commit_callbacks
):
    other = Gallery.objects.create(name="Other", owner=photographer)
    rows = [ready_row(gallery, 1), ready_row(gallery, 2), ready_row(other, 3)]
    Photo.objects.bulk_create(rows)
    Download.objects.create(gallery=gallery, fingerprint="a", file="a.zip")
    Gallery.objects.filter(pk=gallery.pk).update(cover=rows[0])
    names = [
        photo.file_of(variant).name
        for photo in rows
        for variant in ("original", "preview", "thumbnail")
    ]
    for name in names:
        default_storage.save(name, ContentFile(b"x"))
    storages["downloads"].save("a.zip", ContentFile(b"x"))

    with django_capture_on_commit_callbacks(execute=True):
        assert signed_in.delete(f"{URL}{gallery.slug}/").status_code == 204

    assert list(Gallery.objects.all()) == [other]
    left = {name for name in names if default_storage.exists(name)}
    assert left == set(names[6:])
    assert not storages["downloads"].exists("a.zip")
