"""The list of photos and single ones, over HTTP."""

from datetime import UTC, datetime
from uuid import uuid4

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from gallery.models import Gallery, Photo
from gallery.tests.people import person, photo_row, ready_row

pytestmark = pytest.mark.django_db


@pytest.fixture
def photos_url(gallery):
    return f"/api/galleries/{gallery.slug}/photos/"


@pytest.fixture
def signed_in(client, photographer):
    client.force_login(photographer)
    return client


def made(gallery, count, **fields):
    rows = [ready_row(gallery, number, **fields) for number in range(count)]
    return Photo.objects.bulk_create(rows)


def names(answer):
    return [photo["name"] for photo in answer.json()["results"]]


def test_a_photo_is_shown_with_all_that_a_page_needs(signed_in, gallery, photos_url):
    taken = datetime(2026, 7, 4, 12, 30, tzinfo=UTC)
    photo = ready_row(gallery, 7, caption="Lake", taken_at=taken, camera="X100")
    photo.save()

    (shown,) = signed_in.get(photos_url).json()["results"]

    assert shown.pop("uploaded_at").endswith("Z")
    assert shown.pop("thumbnail_url").startswith("/media/")
    assert shown.pop("preview_url").startswith("/media/")
    assert shown.pop("original_url") == f"/media/photos/{photo.pk}/original"
    assert shown == {
        "id": str(photo.pk),
        "name": "IMG_0007.jpg",
        "caption": "Lake",
        "position": 7_000_000,
        "state": "ready",
        "error": "",
        "notice": "",
        "width": 1500,
        "height": 1000,
        "size_bytes": 1007,
        "taken_at": "2026-07-04T12:30:00Z",
        "camera": "X100",
        "has_location": False,
        "placeholder": "",
        "can_edit": True,
    }


def test_one_photo_is_shown_as_in_the_list(signed_in, gallery, photos_url):
    (photo,) = made(gallery, 1)

    (in_list,) = signed_in.get(photos_url).json()["results"]

    assert signed_in.get(f"/api/photos/{photo.pk}/").json() == in_list


@pytest.mark.parametrize("role", ["", "member", "photographer", "superuser"])
def test_a_list_costs_four_queries_however_long_it_is(
    client, gallery, photos_url, role, django_assert_max_num_queries
):
    gallery.visibility = Gallery.Visibility.PUBLIC
    gallery.save()
    made(gallery, 50)
    if role:
        client.force_login(person(role))
    client.get(photos_url)  # brings the tokens, and
    client.get(photos_url)  # their first use is noted

    with django_assert_max_num_queries(4):
        assert len(names(client.get(photos_url))) == 50


def test_an_unchanged_list_is_not_sent_again(signed_in, gallery, photos_url):
    made(gallery, 2)
    first = signed_in.get(photos_url)

    again = signed_in.get(photos_url, headers={"If-None-Match": first["ETag"]})
    Photo.objects.filter(name="IMG_0001.jpg").update(caption="Lake")
    changed = signed_in.get(photos_url, headers={"If-None-Match": first["ETag"]})

    assert first["Cache-Control"] == "private, no-cache"
    assert "Cookie" in first["Vary"]
    assert (again.status_code, again.content) == (304, b"")
    assert again["ETag"] == first["ETag"]
    assert changed.status_code == 200
    assert changed["ETag"] != first["ETag"]


def test_words_are_found_by_their_beginning(signed_in, gallery, photos_url):
    rows = [
        photo_row(gallery, 1, name="IMG_2041.jpg", caption="L’été à la plage"),
        photo_row(gallery, 2, name="IMG_2042.jpg", caption="Summer-camp, evening"),
        photo_row(gallery, 3, name="host.example.com.jpg"),
    ]
    Photo.objects.bulk_create(rows)

    def found(text):
        return names(signed_in.get(photos_url, {"search": text}))

    assert found("2041") == ["IMG_2041.jpg"]
    assert found("img_204") == ["IMG_2041.jpg", "IMG_2042.jpg"]
    assert found("l'été PLA") == ["IMG_2041.jpg"]
    assert found("camp even") == ["IMG_2042.jpg"]
    assert found("exampl") == ["host.example.com.jpg"]
    assert found("camp plage") == []
    assert len(found("  & ! :* ' \\ ")) == 3


def test_photos_are_narrowed_by_year_and_state(signed_in, gallery, photos_url):
    new_year = datetime(2025, 12, 31, 23, 59, 59, tzinfo=UTC)
    rows = [
        photo_row(gallery, 1, taken_at=new_year),
        ready_row(gallery, 2, taken_at=new_year.replace(year=2024)),
        ready_row(gallery, 3),
    ]
    Photo.objects.bulk_create(rows)

    assert names(signed_in.get(photos_url, {"year": 2025})) == ["IMG_0001.jpg"]
    ready = signed_in.get(photos_url, {"state": "ready"})
    assert names(ready) == ["IMG_0002.jpg", "IMG_0003.jpg"]
    both = signed_in.get(photos_url, {"state": "ready", "year": 2025})
    assert names(both) == []


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("year", "soon"),
        ("year", "2025.5"),
        ("year", "0"),
        ("year", "99999"),
        ("state", "tired"),
        ("search", "x" * 101),
        ("search", "a\0b"),
        ("limit", "0"),
        ("limit", "501"),
        ("limit", "-1"),
        ("limit", "²"),
        ("limit", "9" * 5000),
        ("cursor", "nonsense"),
        ("cursor", "é"),
        ("cursor", "WzBd"),
        ("cursor", "e30"),
    ],
)
def test_a_value_that_makes_no_sense_is_named(signed_in, photos_url, field, value):
    answer = signed_in.get(photos_url, {field: value})

    assert answer.status_code == 400
    assert [error["field"] for error in answer.json()["errors"]] == [field]


def test_a_photographer_changes_the_facts_of_a_photo(signed_in, gallery):
    (photo,) = made(gallery, 1)
    facts = {
        "name": "../lake\u202e.jpg",
        "caption": "  Lake ",
        "taken_at": "2026-07-04T12:00:00+02:00",
    }

    answer = signed_in.patch(
        f"/api/photos/{photo.pk}/", facts, content_type="application/json"
    )

    shown = answer.json()
    assert answer.status_code == 200
    assert (shown["name"], shown["caption"]) == ("lake.jpg", "Lake")
    assert shown["taken_at"] == "2026-07-04T10:00:00Z"
    photo.refresh_from_db()
    assert photo.caption == "Lake"


@pytest.mark.parametrize(
    "facts",
    [
        {"name": ""},
        {"caption": "x" * 501},
        {"caption": "a\0"},
        {"taken_at": "yesterday"},
        {"after_id": "me"},
        {"after_id": str(uuid4())},
    ],
)
def test_facts_that_make_no_sense_are_named(signed_in, gallery, facts):
    (photo,) = made(gallery, 1)

    answer = signed_in.patch(
        f"/api/photos/{photo.pk}/", facts, content_type="application/json"
    )

    assert answer.status_code == 400
    assert [error["field"] for error in answer.json()["errors"]] == list(facts)


def test_a_photo_is_moved_within_its_gallery_alone(
    signed_in, gallery, photos_url, photographer
):
    first, _second, third = made(gallery, 3)
    other = Gallery.objects.create(name="Other", owner=photographer)
    elsewhere = photo_row(other, 9)
    elsewhere.save()

    def move(photo, after):
        return signed_in.patch(
            f"/api/photos/{photo.pk}/",
            {"after_id": after and str(after.pk)},
            content_type="application/json",
        ).status_code

    assert move(third, first) == 200
    assert names(signed_in.get(photos_url))[1] == third.name
    assert move(third, None) == 200
    assert names(signed_in.get(photos_url))[0] == third.name
    assert move(third, elsewhere) == 400


def test_a_deleted_photo_takes_its_files_along(
    signed_in, gallery, django_capture_on_commit_callbacks
):
    photo = ready_row(gallery, 1)
    files = [photo.original.name, photo.preview.name, photo.thumbnail.name]
    for name in files:
        default_storage.save(name, ContentFile(b"x"))
    photo.save()

    with django_capture_on_commit_callbacks(execute=True):
        assert signed_in.delete(f"/api/photos/{photo.pk}/").status_code == 204

    assert not any(default_storage.exists(name) for name in files)
    assert not default_storage.exists(f"photos/{photo.folder}")


def test_no_photo_is_said_to_be_there_that_the_visitor_may_not_see(client, gallery):
    (photo,) = made(gallery, 1)
    Gallery.objects.update(visibility="private")
    client.force_login(person("photographer"))

    for method in ("get", "patch", "delete"):
        answer = getattr(client, method)(f"/api/photos/{photo.pk}/")
        assert answer.status_code == 404
        assert answer.json()["code"] == "not_found"
