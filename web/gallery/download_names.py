"""What downloads and the files in zips are called, on whatever machine they land."""

import mimetypes
import unicodedata
from collections.abc import Iterable, Iterator

from gallery.headers import FORMATS
from socle.core.unicode_text import one_line

MOST_NAME_BYTES = 200  # with a number behind it, below the 255 of file systems
NOT_IN_NAMES = set('<>:"/\\|?*')
# To Windows these are devices, whatever ending they have.
RESERVED = {"con", "prn", "aux", "nul", "conin$", "conout$", "clock$"} | {
    f"{device}{number}" for device in ("com", "lpt") for number in "0123456789¹²³"
}
# Of programs that run when they are opened; Python knows some of them alone.
OF_PROGRAMS = {"exe", "com", "bat", "cmd", "scr", "pif", "msi", "lnk", "js", "jse"}
OF_PROGRAMS |= {"vbs", "vbe", "wsf", "hta", "ps1", "jar", "sh", "php", "py", "app"}


def download_name(name: str, *, content_type: str) -> str:
    """`name` with an ending of what the file is: x.html, a JPEG, becomes x.jpg."""
    endings = endings_of(content_type)
    stem, dot, ending = name.rpartition(".")
    if not endings or (stem and ending.lower() in endings):
        return safe_name(name)
    if dot and stem and is_ending(ending.lower()):
        name = stem
    return safe_name(f"{name.rstrip('. ')}.{endings[0]}")


def rendition_name(name: str, *, variant: str) -> str:
    return safe_name(f"{name.rsplit('.', 1)[0]}-{variant}.webp")


def endings_of(content_type: str) -> list[str]:
    """The usual one first."""
    return [
        ending
        for known, endings in FORMATS.values()
        for ending in endings
        if known == content_type
    ]


def is_ending(ending: str) -> bool:
    """Of some kind of file: not so in "Dr. No" or "IMG.2041", whose names stay."""
    return ending in OF_PROGRAMS or mimetypes.guess_type(f"x.{ending}")[0] is not None


def unique_names(names: Iterable[str]) -> Iterator[str]:
    """Each as a file may be called everywhere, and no two alike, whatever the case."""
    taken: set[str] = set()
    counts: dict[str, int] = {}
    for name in map(safe_name, names):
        candidate = name
        stem, dot, ending = name.rpartition(".")
        while folded(candidate) in taken:
            number = counts[name] = counts.get(name, 1) + 1
            candidate = f"{stem}-{number}.{ending}" if dot else f"{name}-{number}"
        taken.add(folded(candidate))
        yield candidate


def folded(name: str) -> str:
    """The same for names that a file system without capitals takes for one."""
    return unicodedata.normalize("NFC", name.casefold())


def safe_name(name: str, *, default: str = "photo") -> str:
    """`name` without what Windows, macOS or a shell would stumble over."""
    cleaned = "".join(
        "_" if sign in NOT_IN_NAMES else sign for sign in one_line(name)
    ).strip(" .")
    stem, dot, ending = (cleaned or default).rpartition(".")
    if not dot or not stem:
        stem, ending = cleaned or default, ""
    if stem.split(".")[0].strip().casefold() in RESERVED:
        stem = f"_{stem}"
    suffix = f".{ending}" if ending else ""
    room = MOST_NAME_BYTES - len(suffix.encode())
    if room < 1:
        stem, suffix, room = f"{stem}{suffix}", "", MOST_NAME_BYTES
    return stem.encode()[:room].decode(errors="ignore").rstrip(" .") + suffix
