"""The rules of who sees what are in test_permissions; here is what Postgres keeps."""

from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from gallery.models import Gallery, Photo
from gallery.models.search import search_query
from gallery.tests.people import photo_row, ready_row

pytestmark = pytest.mark.django_db


@pytest.fixture
def other(photographer):
    return Gallery.objects.create(name="Other", owner=photographer)


def count(gallery):
    return Gallery.objects.values_list("photo_count", flat=True).get(pk=gallery.pk)


def test_photos_are_counted_as_they_come(gallery, other):
    photo_row(gallery, 1).save()
    assert (count(gallery), count(other)) == (1, 0)

    rows = [photo_row(gallery, 2), photo_row(other, 3), photo_row(gallery, 4)]
    Photo.objects.bulk_create(rows)
    assert (count(gallery), count(other)) == (3, 1)


def test_photos_are_counted_as_they_go(gallery, other):
    rows = [photo_row(gallery, 1), photo_row(gallery, 2), photo_row(other, 3)]
    rows = Photo.objects.bulk_create([*rows, photo_row(gallery, 4)])

    rows[0].delete()
    assert (count(gallery), count(other)) == (2, 1)
    Photo.objects.filter(pk__in=[rows[1].pk, rows[2].pk]).delete()
    assert (count(gallery), count(other)) == (1, 0)
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM gallery_photo")
    assert count(gallery) == 0


def test_a_gallery_goes_with_its_photos(gallery, other):
    rows = Photo.objects.bulk_create([photo_row(gallery, 1), photo_row(other, 2)])
    Gallery.objects.filter(pk=gallery.pk).update(cover=rows[0])

    gallery.delete()

    assert list(Photo.objects.all()) == [rows[1]]
    assert count(other) == 1


def test_a_photo_that_moves_is_counted_where_it_is(gallery, other):
    rows = [photo_row(gallery, number) for number in range(3)]
    Photo.objects.bulk_create(rows)

    rows[0].gallery = other
    rows[0].save()
    assert (count(gallery), count(other)) == (2, 1)
    Photo.objects.filter(gallery=gallery).update(gallery=other)
    assert (count(gallery), count(other)) == (0, 3)


def test_photos_that_only_change_are_not_counted_again(gallery):
    photo = photo_row(gallery, 1)
    photo.save()

    photo.save()
    Photo.objects.update(caption="x")

    assert count(gallery) == 1


def test_a_gallery_that_was_read_earlier_does_not_write_an_old_count(gallery):
    photo_row(gallery, 1).save()

    gallery.name = "Winter camp"
    gallery.save()

    gallery.refresh_from_db()
    assert (gallery.name, gallery.photo_count) == ("Winter camp", 1)


def test_every_change_of_a_photo_has_its_time_whoever_makes_it(gallery):
    long_ago = timezone.now() - timedelta(days=1)
    photo = photo_row(gallery, 1, updated_at=long_ago)
    photo.save()
    times = [Photo.objects.get().updated_at]
    Photo.objects.update(updated_at=long_ago, caption="x")
    times.append(Photo.objects.get().updated_at)
    Photo.objects.bulk_update([photo], ["name"])
    times.append(Photo.objects.get().updated_at)

    assert long_ago < times[0] < times[1] < times[2]


def test_the_chosen_cover_is_shown_once_it_is_ready(gallery, other):
    waiting = photo_row(gallery, 1)
    first, chosen = ready_row(gallery, 2), ready_row(gallery, 3)
    foreign = ready_row(other, 4)
    Photo.objects.bulk_create([waiting, first, chosen, foreign])

    def shown(cover):
        Gallery.objects.filter(pk=gallery.pk).update(cover=cover)
        return Gallery.objects.for_show().get(pk=gallery.pk).shown_cover_id

    assert shown(None) == first.pk
    assert shown(chosen) == chosen.pk
    assert shown(waiting) == first.pk
    assert shown(foreign) == first.pk, "it moved to another gallery"
    Photo.objects.filter(gallery=gallery).exclude(pk=waiting.pk).delete()
    assert shown(None) is None


def test_a_deleted_cover_leaves_its_gallery(gallery):
    cover = ready_row(gallery, 1)
    cover.save()
    Gallery.objects.update(cover=cover)

    cover.delete()

    gallery.refresh_from_db()
    assert gallery.cover is None


@pytest.mark.parametrize("text", ["", "  ", "!?", "\0", "-:*&|"])
def test_a_search_without_a_word_is_no_search(text):
    assert search_query(text) is None


@pytest.mark.parametrize("text", ["'", "a & !", "a:*b", "\\", "🏕️", "<->", "1e5x 0x1f"])
def test_no_search_is_beyond_the_database(gallery, text):
    query = search_query(text)
    if query is not None:
        list(Photo.objects.filter(search=query))
