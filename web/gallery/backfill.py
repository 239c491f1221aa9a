"""What photos of earlier versions lack is filled in, a few of them at a time."""

import logging
import time
import uuid
from collections.abc import Callable, Iterator

from django.db.models import QuerySet

from gallery.deleting import delete_files
from gallery.exceptions import StorageFault
from gallery.models import Photo
from gallery.photo_storage import open_original, store_without_location

logger = logging.getLogger(__name__)

MOST_FAULTS = 5  # then folder or bucket is away, or full


def look_for_locations(
    *, seconds: float, clock: Callable[[], float] = time.monotonic
) -> int:
    """
    Ask photos that nobody has asked yet where they were taken. Returns how many.

    Until then others get their previews instead of their originals. What is left when
    the seconds are over comes next time.
    """
    ends = clock() + seconds
    count = faults = 0
    for photo in from_somewhere(Photo.objects.never_looked_at().order_by("id")):
        if clock() >= ends or faults == MOST_FAULTS:
            break
        try:
            look(photo)
            count += 1
        except (StorageFault, OSError) as error:
            faults += 1
            logger.warning("Photo %s is looked at later: %s", photo.pk, error)
    return count


def from_somewhere(photos: QuerySet) -> Iterator[Photo]:
    """All of them, so that a few whose files give trouble do not keep back the rest."""
    first = uuid.uuid4()
    yield from photos.filter(pk__gte=first).iterator(chunk_size=50)
    yield from photos.filter(pk__lt=first).iterator(chunk_size=50)


def look(photo: Photo) -> None:
    try:
        with open_original(photo) as file:
            store_without_location(photo, file)
    except FileNotFoundError:
        photo.has_location = True  # who knows what a backup brings back
    copy = str(photo.without_location)
    written = Photo.objects.never_looked_at().filter(pk=photo.pk)
    if not written.update(has_location=photo.has_location, without_location=copy):
        delete_files([copy])  # deleted meanwhile, or looked at by another process
