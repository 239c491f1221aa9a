"""What goes into the zip of a gallery: which photos, in which order, by which names."""

import hashlib
import json
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from django.utils.translation import gettext as _

from gallery.download_names import download_name, rendition_name, unique_names
from gallery.models import Gallery, shared_file


@dataclass(frozen=True)
class ZipEntry:
    """
    One photo in the zip. stored: the name of its file in the storage.
    has_location: that file says, or may say, where the photo was taken.
    """

    stored: str
    name: str
    size_bytes: int
    at: tuple[int, ...]  # year, month, day, hour, minute, second
    has_location: bool = False


FIELDS: tuple[str, ...] = ("original", "without_location", "preview", "has_location")
FIELDS += ("name", "content_type", "size_bytes", "taken_at", "uploaded_at")


def entries_of(gallery: Gallery, *, with_locations: bool = False) -> list[ZipEntry]:
    """
    The originals of all its photos, in the order of the gallery.

    with_locations: else what is handed out to those who may not see where a photo was
    taken; of one that nobody has looked at yet, that may be nothing.
    """
    rows = gallery.photos.order_by("position", "id").values_list(*FIELDS, named=True)
    files = [(row, shared_file(row, with_location=with_locations)) for row in rows]
    shown = [(row, stored) for row, stored in files if stored]
    names = unique_names(name_of(row, stored) for row, stored in shown)
    return [
        ZipEntry(
            stored,
            name,
            row.size_bytes,
            zip_time(row.taken_at or row.uploaded_at),
            has_location=stored == row.original and row.has_location is not False,
        )
        for (row, stored), name in zip(shown, names, strict=True)
    ]


def name_of(row, stored: str) -> str:
    """A preview that stands for its original is another kind of file."""
    if stored == row.preview:
        return rendition_name(row.name, variant="preview")
    return download_name(row.name, content_type=row.content_type)


def zip_time(moment: datetime) -> tuple[int, ...]:
    """A zip knows no year before 1980, and none after 2107."""
    parts = moment.timetuple()[:6]
    return (min(max(parts[0], 1980), 2107), *parts[1:])


def fingerprint(entries: list[ZipEntry]) -> str:
    """The same for the same photos by the same names in the same order."""
    facts = [(entry.stored, entry.name, entry.has_location) for entry in entries]
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()


def save_plan(entries: list[ZipEntry], path: Path) -> None:
    path.write_text(json.dumps([asdict(entry) for entry in entries]))


def load_plan(path: Path) -> list[ZipEntry]:
    """Raises FileNotFoundError and ValueError."""
    rows = json.loads(path.read_text())
    return [ZipEntry(**row | {"at": tuple(row["at"])}) for row in rows]


def note_of_missing(missing: list[str]) -> tuple[str, bytes]:
    """A text for the zip: which photos could not be put in."""
    words = _(
        "The files of these photos are missing on the server, so they are not in this "
        "zip. Tell the site's operators; a backup may have them."
    )
    lines = [words, "", *missing, ""]
    return "_missing.txt", "\r\n".join(lines).encode()
