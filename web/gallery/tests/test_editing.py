"""The order of a gallery by hand."""

import pytest

from gallery.editing import edit_photo, move_photo
from gallery.models import Gallery, Photo
from gallery.tests.people import photo_row

pytestmark = pytest.mark.django_db


def row_of(gallery, positions):
    rows = [photo_row(gallery, n, position=p) for n, p in enumerate(positions)]
    Photo.objects.bulk_create(rows)
    return list(Photo.objects.filter(gallery=gallery))


def order(gallery):
    return list(gallery.photos.all())


def moved(photos, photo, after):
    others = [other for other in photos if other != photo]
    place = others.index(after) + 1 if after else 0
    return [*others[:place], photo, *others[place:]]


@pytest.mark.parametrize(
    "positions",
    [
        [0, 1_000_000, 2_000_000, 3_000_000],
        [5, 5, 5, 5],
        [1, 2, 3, 4],
        [-3, -3, -2, 900],
    ],
)
@pytest.mark.parametrize("which", range(4))
@pytest.mark.parametrize("behind", [None, *range(4)])
def test_a_photo_is_moved_to_any_place(gallery, positions, which, behind):
    photos = row_of(gallery, positions)
    photo, after = photos[which], None if behind is None else photos[behind]

    move_photo(photo, after=after)

    wanted = photos if photo == after else moved(photos, photo, after)
    assert order(gallery) == wanted


def test_many_moves_to_one_place_find_room(gallery):
    photos = row_of(gallery, range(0, 80, 2))

    for photo in photos[2:]:
        move_photo(photo, after=photos[0])

    assert order(gallery) == [photos[0], *reversed(photos[2:]), photos[1]]


def test_a_crowd_is_spread_no_further_than_it_must(gallery):
    far = 10**12
    photos = row_of(gallery, [7] * 100 + [far, far + 1])
    distant = [(p.pk, p.position) for p in photos[-2:]]

    move_photo(photos[50], after=photos[3])

    assert order(gallery) == moved(photos, photos[50], photos[3])
    kept = Photo.objects.filter(position__gte=far).values_list("pk", "position")
    assert list(kept) == distant


def test_a_crowd_at_the_end_is_spread_beyond_it(gallery):
    photos = row_of(gallery, [7] * 10)

    move_photo(photos[9], after=photos[0])

    assert order(gallery) == moved(photos, photos[9], photos[0])


def test_other_galleries_keep_their_order(gallery, photographer):
    other = Gallery.objects.create(name="Other", owner=photographer)
    elsewhere = row_of(other, [7, 7, 7])
    photos = row_of(gallery, [7, 7, 7])

    move_photo(photos[2], after=photos[0])

    assert order(other) == elsewhere
    assert {photo.position for photo in order(other)} == {7}


def test_the_only_photo_can_be_moved_to_the_front(gallery):
    (photo,) = row_of(gallery, [3])

    move_photo(photo, after=None)

    assert order(gallery) == [photo]


def test_facts_and_place_are_changed_together(gallery):
    photos = row_of(gallery, [1, 2, 3])

    changed = edit_photo(
        photos[2], changes={"caption": "Lake", "after_id": None, "name": "a.jpg"}
    )

    assert (changed.caption, changed.name) == ("Lake", "a.jpg")
    assert order(gallery)[0] == changed
