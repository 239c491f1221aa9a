"""Changes a photo's facts and its place in the gallery's order."""

from typing import Any

from django.db import transaction

from gallery.models import Gallery, Photo

STEP = 1_000_000  # positions are times in microseconds; this much is left at both ends
ROOM = 1024  # between two photos that were spread: for ten more to be put there


@transaction.atomic
def edit_photo(photo: Photo, *, changes: dict[str, Any]) -> Photo:
    """
    Write `changes`: name, caption, taken_at; `after_id` is the photo that it is moved
    behind, None for the front. Returns the photo as it is then.
    """
    facts = {name: value for name, value in changes.items() if name != "after_id"}
    if facts:
        Photo.objects.filter(pk=photo.pk).update(**facts)
    if "after_id" in changes:
        move_photo(photo, after=changes["after_id"])
    return Photo.objects.select_related("gallery").get(pk=photo.pk)


@transaction.atomic
def move_photo(photo: Photo, *, after: Photo | None) -> None:
    """Place `photo` behind `after`, or at the front; others make room if they must."""
    if after is not None and after.pk == photo.pk:
        return
    # Two moves at once would find the same room: one gallery, one move at a time.
    Gallery.objects.select_for_update(no_key=True).get(pk=photo.gallery_id)
    others = Photo.objects.filter(gallery=photo.gallery_id).exclude(pk=photo.pk)
    place = free_place(others, after=others.get(pk=after.pk) if after else None)
    Photo.objects.filter(pk=photo.pk).update(position=place)


def free_place(others, *, after: Photo | None) -> int:
    """A position behind `after` that no other photo has."""
    if after is None:
        first = others.order_by("position", "id").first()
        return first.position - STEP if first else 0
    following = list(others.behind(after)[:1])
    if not following:
        return after.position + STEP
    if following[0].position - after.position < 2:
        make_room(others, after=after)
        following = list(others.behind(after)[:1])
    return (after.position + following[0].position) // 2


def make_room(others, *, after: Photo) -> None:
    """
    Spread the photos behind `after`, so that there is room between any two of them.

    Only as many as must be: the others keep the time that they were taken as their
    place, by which new photos find theirs.
    """
    moved: list[Photo] = []
    for photo in others.behind(after).only("position").iterator():
        step = (photo.position - after.position) // (len(moved) + 1)
        if step >= ROOM:
            break
        moved.append(photo)
    else:
        step = STEP  # the gallery ends here, and so does every limit
    for number, photo in enumerate(moved, start=1):
        photo.position = after.position + number * step
    Photo.objects.bulk_update(moved, ["position"], batch_size=500)
