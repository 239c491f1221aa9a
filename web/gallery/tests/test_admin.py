"""What staff do with galleries and photos at /admin/."""

import re

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from gallery.models import Gallery, Photo
from gallery.tests.people import person, photo_row, ready_row

pytestmark = pytest.mark.django_db
GALLERIES, PHOTOS = "/admin/gallery/gallery/", "/admin/gallery/photo/"


@pytest.fixture
def staff(client, photographer):
    client.force_login(person("superuser"))
    return client


def act(client, url, action, rows, **more):
    chosen = [str(row.pk) for row in rows]
    form = {"action": action, "_selected_action": chosen, **more}
    return client.post(url, form, follow=True)


def with_files(photo):
    for variant in ("original", "preview", "thumbnail"):
        default_storage.save(photo.file_of(variant).name, ContentFile(b"x"))
    photo.save()
    return photo


def test_galleries_are_listed_searched_and_narrowed(staff, gallery, photographer):
    Gallery.objects.create(name="Lake", owner=photographer, visibility="public")

    assert "Summer camp" in staff.get(GALLERIES).content.decode()
    found = staff.get(GALLERIES, {"q": "lak"}).content.decode()
    assert "Summer camp" not in found
    shown = staff.get(GALLERIES, {"visibility__exact": "public"}).content.decode()
    assert "Lake" in shown
    assert "Summer camp" not in shown


@pytest.mark.parametrize("visibility", Gallery.Visibility.values)
def test_visibility_is_changed_for_many_at_once(staff, gallery, visibility):
    answer = act(staff, GALLERIES, f"make_{visibility}", [gallery])

    gallery.refresh_from_db()
    assert gallery.visibility == visibility
    assert "1 gallery is now" in answer.content.decode()


def test_a_gallery_is_edited_without_a_list_of_all_photos(staff, gallery):
    photo_row(gallery, 1, name="needle.jpg").save()
    url = f"{GALLERIES}{gallery.pk}/change/"

    assert "needle.jpg" not in staff.get(url).content.decode()

    form = {"name": "Winter", "visibility": "private", "owner": gallery.owner_id}
    staff.post(url, {**form, "description": "", "cover": "", "event_date": ""})
    gallery.refresh_from_db()
    assert (gallery.name, gallery.photo_count) == ("Winter", 1)


@pytest.mark.parametrize("one", [True, False])
def test_galleries_are_deleted_with_their_files(
    staff, gallery, one, django_capture_on_commit_callbacks
):
    photo = with_files(ready_row(gallery, 1))
    url = f"{GALLERIES}{gallery.pk}/delete/"

    asked = (
        staff.get(url) if one else act(staff, GALLERIES, "delete_selected", [gallery])
    )
    assert "Summer camp, with 1 photo" in asked.content.decode()
    with django_capture_on_commit_callbacks(execute=True):
        if one:
            staff.post(url, {"post": "yes"})
        else:
            act(staff, GALLERIES, "delete_selected", [gallery], post="yes")

    assert not Gallery.objects.exists()
    assert not default_storage.exists(photo.original.name)


def test_photos_are_listed_with_their_picture_and_searched(staff, gallery):
    ready_row(gallery, 1).save()
    photo_row(gallery, 2, state="failed", error="Cut off.").save()

    everything = staff.get(PHOTOS).content.decode()
    assert 'loading="lazy"' in everything
    assert "Cut off." in everything
    failed = staff.get(PHOTOS, {"state__exact": "failed"}).content.decode()
    assert "IMG_0001" not in failed
    assert "IMG_0001" in staff.get(PHOTOS, {"q": "summer-camp"}).content.decode()
    assert "IMG_0002" not in staff.get(PHOTOS, {"q": "0001"}).content.decode()


def test_the_page_of_a_photo_leads_to_its_files(staff, gallery):
    photo = with_files(ready_row(gallery, 1))

    page = staff.get(f"{PHOTOS}{photo.pk}/change/").content.decode()

    links = re.findall(r'href="(/[^"]*media/[^"]*)"', page)
    assert [b"".join(staff.get(link).streaming_content) for link in links] == [b"x"] * 3


def test_a_list_of_photos_costs_the_same_however_long_it_is(
    staff, gallery, django_assert_max_num_queries
):
    for number in range(20):
        ready_row(gallery, number).save()
    staff.get(PHOTOS)

    with django_assert_max_num_queries(6):
        staff.get(PHOTOS)


def test_photos_are_drawn_again(staff, gallery, sent):
    failed = photo_row(gallery, 1, state="failed", error="Cut off.", attempts=3)
    failed.save()

    act(staff, PHOTOS, "draw_again", [failed])

    failed.refresh_from_db()
    assert (failed.state, failed.error, failed.attempts) == ("waiting", "", 0)
    assert sent == [str(failed.pk)]


def test_a_photo_is_edited_while_a_worker_writes_the_rest(staff, gallery, monkeypatch):
    photo = photo_row(gallery, 1)
    photo.save()
    url = f"{PHOTOS}{photo.pk}/change/"
    form = {"name": photo.name, "caption": "Lake", "gallery": gallery.pk}
    save = Photo.save

    def save_late(self, *args, **kwargs):
        Photo.objects.filter(pk=photo.pk).update(state="ready")
        save(self, *args, **kwargs)

    monkeypatch.setattr(Photo, "save", save_late)
    staff.post(url, {**form, "taken_at_0": "", "taken_at_1": ""})

    photo.refresh_from_db()
    assert (photo.caption, photo.state) == ("Lake", "ready")


def test_a_photo_is_not_moved_to_where_it_is_already(staff, gallery, photographer):
    other = Gallery.objects.create(name="Other", owner=photographer)
    photo = photo_row(gallery, 1)
    photo.save()
    photo_row(other, 1).save()
    form = {"name": photo.name, "caption": "", "gallery": other.pk}

    answer = staff.post(
        f"{PHOTOS}{photo.pk}/change/", {**form, "taken_at_0": "", "taken_at_1": ""}
    )

    assert "the same photo already" in answer.content.decode()


@pytest.mark.parametrize("one", [True, False])
def test_photos_are_deleted_with_their_files(
    staff, gallery, one, django_capture_on_commit_callbacks
):
    photo = with_files(ready_row(gallery, 1))

    with django_capture_on_commit_callbacks(execute=True):
        if one:
            staff.post(f"{PHOTOS}{photo.pk}/delete/", {"post": "yes"})
        else:
            act(staff, PHOTOS, "delete_selected", [photo], post="yes")

    assert not Photo.objects.exists()
    assert not default_storage.exists(photo.thumbnail.name)


def test_a_moderator_without_the_right_cannot_act(client, gallery):
    operator = person("operator", is_staff=True)
    client.force_login(operator)

    act(client, GALLERIES, "make_public", [gallery])

    gallery.refresh_from_db()
    assert gallery.visibility == "members"
