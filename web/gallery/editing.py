"""Changes a photo's facts and its place in the gallery's order."""

from typing import Any

from django.db import transaction

from gallery.models import Gallery, Photo

STEP = 1_000_000  # positions are times in microseconds; this much is left at both ends
FIRST_ROOM = 32  # photos that are moved to make room, and twice as many the next time


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
    Spread the photos behind `after` until two places lie between any two.

    Only as many as must: the others keep the time that they were taken as their place,
    by which new photos find theirs.
    """
    room = FIRST_ROOM
    while True:
        crowd = list(others.behind(after)[: room + 1])
        if len(crowd) <= room:  # to the end of the gallery, where there is no limit
            end, moved = crowd[-1].position + STEP * len(crowd), crowd
        else:
            end, moved = crowd[-1].position, crowd[:-1]
        step = (end - after.position) // (len(moved) + 1)
        if step >= 2:
            break
        room *= 2
    for number, photo in enumerate(moved, start=1):
        photo.position = after.position + number * step
    Photo.objects.bulk_update(moved, ["position"], batch_size=500)
