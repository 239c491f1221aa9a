"""What goes into the zip of a gallery: which photos, in which order, by which names."""

import hashlib
import json
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from django.utils.translation import gettext as _

from gallery.models import Gallery, shared_file

MOST_NAME_BYTES = 200  # with a number behind it, below the 255 of file systems
NOT_IN_NAMES = set('<>:"/\\|?*')
RESERVED = {"con", "prn", "aux", "nul"} | {
    f"{device}{number}" for device in ("com", "lpt") for number in range(1, 10)
}


@dataclass(frozen=True)
class Entry:
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
FIELDS += ("name", "size_bytes", "taken_at", "uploaded_at")


def entries_of(gallery: Gallery, *, with_locations: bool = False) -> list[Entry]:
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
        Entry(
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
    return preview_name(row.name) if stored == row.preview else row.name


def preview_name(name: str) -> str:
    return f"{name.rsplit('.', 1)[0]}-preview.webp"


def zip_time(moment: datetime) -> tuple[int, ...]:
    """A zip knows no year before 1980, and none after 2107."""
    parts = moment.timetuple()[:6]
    return (min(max(parts[0], 1980), 2107), *parts[1:])


def fingerprint(entries: list[Entry]) -> str:
    """The same for the same photos by the same names in the same order."""
    facts = [(entry.stored, entry.name, entry.has_location) for entry in entries]
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()


def save_plan(entries: list[Entry], path: Path) -> None:
    path.write_text(json.dumps([asdict(entry) for entry in entries]))


def load_plan(path: Path) -> list[Entry]:
    """Raises FileNotFoundError and ValueError."""
    rows = json.loads(path.read_text())
    return [Entry(**row | {"at": tuple(row["at"])}) for row in rows]


def unique_names(names: Iterable[str]) -> Iterator[str]:
    """Each as a file may be called everywhere, and no two alike, whatever the case."""
    taken: set[str] = set()
    counts: dict[str, int] = {}
    for name in map(file_name, names):
        candidate = name
        stem, dot, ending = name.rpartition(".")
        while candidate.casefold() in taken:
            number = counts[name] = counts.get(name, 1) + 1
            candidate = f"{stem}-{number}.{ending}" if dot else f"{name}-{number}"
        taken.add(candidate.casefold())
        yield candidate


def file_name(name: str) -> str:
    """`name` without what Windows, macOS or a shell would stumble over."""
    cleaned = "".join(
        "_" if sign in NOT_IN_NAMES or unicodedata.category(sign) == "Cc" else sign
        for sign in unicodedata.normalize("NFC", name)
    ).strip(" .")
    stem, dot, ending = (cleaned or "photo").rpartition(".")
    if not dot or not stem:
        stem, ending = cleaned or "photo", ""
    if stem.split(".")[0].casefold() in RESERVED:
        stem = f"_{stem}"
    suffix = f".{ending}" if ending else ""
    room = MOST_NAME_BYTES - len(suffix.encode())
    if room < 1:
        stem, suffix, room = f"{stem}{suffix}", "", MOST_NAME_BYTES
    return stem.encode()[:room].decode(errors="ignore").rstrip(" .") + suffix


def note_of_missing(missing: list[str]) -> tuple[str, bytes]:
    """A text for the zip: which photos could not be put in."""
    words = _(
        "The files of these photos are missing on the server, so they are not in this "
        "zip. Tell the site's operators; a backup may have them."
    )
    lines = [words, "", *missing, ""]
    return "_missing.txt", "\r\n".join(lines).encode()
