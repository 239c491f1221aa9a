"""
What changed in a gallery, for whoever asks again and again; nothing is missed.

Photos are told in the order of their changes. A change gets its time when it is written
and can be seen only when its transaction ends: one that began earlier may come to light
later. So what is younger than SETTLED_AFTER is told, and told again at the next
question: a reader counts as past a change only when it is older than that. Asking goes
on behind the last row read, so that many changes at once are not begun again and again.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count
from django.utils.translation import gettext as _
from rest_framework.exceptions import ValidationError

from gallery.models import Gallery, Photo
from gallery.models.keyset import rows_after
from gallery.pagination import UNREADABLE, checked, pack, plain, unpack

SETTLED_AFTER = timedelta(seconds=10)  # no transaction of ours takes nearly as long
MOST = 500
FIELDS: list[Any] = [Photo._meta.get_field("updated_at"), Photo._meta.get_field("id")]
NO_ID = "00000000-0000-0000-0000-000000000000"

Place = list  # updated_at and id of a row, as FIELDS


@dataclass(frozen=True)
class Since:
    """
    settled:  all changes up to here are known, for good.
    read:     while more are to come: the last one that was told.
    """

    settled: Place
    read: Place | None = None

    def encoded(self) -> str:
        return pack([plain(value) for value in [*self.settled, *(self.read or [])]])


def read_since(text: str) -> Since:
    """Raises ValidationError."""
    try:
        values = unpack(text)
        settled, read = values[:2], values[2:]
        return Since(checked_place(settled), checked_place(read) if read else None)
    except UNREADABLE as error:
        problem = _("It is none of this list's answers. Begin without one.")
        raise ValidationError({"since": [problem]}) from error


def checked_place(values: list) -> Place:
    pairs = zip(FIELDS, values, strict=True)
    return [checked(field, value) for field, value in pairs]


def since(gallery: Gallery, text: str | None, *, now: datetime) -> dict:
    """As ChangesSerializer shows it. Raises ValidationError for a bad `text`."""
    if not text:
        start = Since([now - SETTLED_AFTER, NO_ID])
        return answer(gallery, [], since=start, more=False)
    asked = read_since(text)
    photos = gallery.photos.for_show().order_by("updated_at", "id")
    rows = list(rows_after(photos, FIELDS, asked.read or asked.settled)[: MOST + 1])
    more, rows = len(rows) > MOST, rows[:MOST]
    return answer(gallery, rows, since=advanced(asked, rows, more, now=now), more=more)


def advanced(asked: Since, rows: list[Photo], more: bool, *, now: datetime) -> Since:
    settled = [place_of(row) for row in rows if row.updated_at < now - SETTLED_AFTER]
    up_to = settled[-1] if settled else asked.settled
    return Since(up_to, place_of(rows[-1]) if more else None)


def place_of(photo: Photo) -> Place:
    return [photo.updated_at, photo.id]


def answer(gallery: Gallery, photos: list[Photo], *, since: Since, more: bool) -> dict:
    states = gallery.photos.not_ready().values_list("state")
    counts = dict(states.annotate(Count("id")).order_by())
    waiting, working = counts.get(Photo.State.WAITING), counts.get(Photo.State.WORKING)
    return {
        "photos": photos,
        "since": since.encoded(),
        "more": more,
        "counts": {
            "total": gallery.photo_count,
            "unfinished": (waiting or 0) + (working or 0),
            "failed": counts.get(Photo.State.FAILED, 0),
        },
    }
