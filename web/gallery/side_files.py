"""
What lies in a zip beside the photos, told by its name alone.

What systems leave behind is left out without a word; what people keep beside their
photos (videos, texts, side files) is counted. What is called like a photo is opened.
"""

from collections import Counter
from collections.abc import Iterable
from pathlib import PurePosixPath

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from gallery.headers import FORMATS

# Of macOS, Synology, QNAP, Windows and Android: wastebaskets, thumbnails, indexes.
SYSTEM_FOLDERS = {
    "__macosx",
    "@eadir",
    "@__thumb",
    "#recycle",
    "@recycle",
    "@recently-snapshot",
    "$recycle.bin",
    "system volume information",
}
SYSTEM_FILES = {"thumbs.db", "ehthumbs.db", "desktop.ini", "picasa.ini", "icon\r"}
# Taken, or refused in words: they are pictures all the same.
PICTURES = {ending for _type, endings in FORMATS.values() for ending in endings}
PICTURES |= {"bmp", "svg", "psd", "jp2", "j2k", "jxl", "ico", "pcx", "tga", "eps"}
PICTURES |= {"dng", "cr2", "cr3", "crw", "nef", "nrw", "arw", "srf", "sr2", "raf"}
PICTURES |= {"orf", "rw2", "pef", "srw", "raw", "rwl", "3fr", "iiq", "erf", "kdc"}
LONGEST_ENDING = 10
MOST_TOLD = 6  # endings, the most frequent ones


def is_left_by_a_system(name: str) -> bool:
    """Folders, hidden files, wastebaskets, thumbnails: nobody put them in."""
    if name.endswith("/"):
        return True
    *folders, last = PurePosixPath(name).parts or ("",)
    hidden = any(is_hidden(part) for part in [*folders, last])
    in_system_folder = not SYSTEM_FOLDERS.isdisjoint(map(str.lower, folders))
    return hidden or in_system_folder or last.lower() in SYSTEM_FILES


def is_hidden(part: str) -> bool:
    return part.startswith(".") and not part.startswith("..") and part != "."


def may_be_a_photo(name: str) -> bool:
    """By its ending. What has none is looked into; so is a zip, to be refused."""
    ending = ending_of(name)
    return not ending or ending in PICTURES or ending == "zip"


def ending_of(name: str) -> str:
    """In lower case; "" for "Dr. No" and "IMG.2041", which have none."""
    stem, dot, ending = name.rsplit("/", 1)[-1].rpartition(".")
    is_one = bool(dot and stem) and ending.isalnum() and not ending.isdigit()
    return ending.lower() if is_one and len(ending) <= LONGEST_ENDING else ""


def passed_over(names: Iterable[str]) -> str:
    """ "12 other files were passed over: 8 json, 4 mp4." Empty when there are none."""
    counts = Counter(map(ending_of, names))
    if not counts:
        return ""
    told = [f"{count:,} {ending}" for ending, count in counts.most_common(MOST_TOLD)]
    if len(counts) > MOST_TOLD:
        told.append("…")
    total = counts.total()
    words = ngettext(
        "%(total)s other file was passed over: %(kinds)s.",
        "%(total)s other files were passed over: %(kinds)s.",
        total,
    )
    return words % {"total": f"{total:,}", "kinds": ", ".join(told)}


def nothing_but(names: list[str]) -> str:
    """Why a zip without a photo is refused."""
    if not names:
        return _("The zip is empty: there is no file in it.")
    return _("There is no photo in the zip. %(passed_over)s") % {
        "passed_over": passed_over(names)
    }
