"""What the camera noted in a photo's header. Whatever is damaged is not known."""

import io
import re
import struct
import unicodedata
import warnings
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from typing import IO, Any

from PIL import Image

ORIENTATION, MAKE, MODEL, EXIF_IFD = 0x0112, 0x010F, 0x0110, 0x8769
# Time, its offset and its fractions of a second: when taken, else when digitised.
MOMENTS = ((0x9003, 0x9011, 0x9291), (0x9004, 0x9012, 0x9292))
OFFSET = re.compile(r"([+-])(\d\d):(\d\d)")
CAMERA_LENGTH = 120
MOST_CHUNKS, MOST_EXIF_BYTES = 100_000, 1024 * 1024  # of a PNG
FIRST_YEAR = 1826  # of the first photo; cameras without a clock say 0000 or 1601

# Pillow warns of tags that it skips, and nobody here could do anything about them.
warnings.filterwarnings("ignore", module=r"PIL\.TiffImagePlugin")
# What Pillow raises for tags that are not as they should be.
EXIF_ERRORS = (
    AttributeError,
    KeyError,
    IndexError,
    TypeError,
    ValueError,
    OverflowError,
    ZeroDivisionError,
    EOFError,
    OSError,
    SyntaxError,
    struct.error,
)


@dataclass(frozen=True)
class Camera:
    """orientation: 1 to 8, as EXIF has it; taken_at: with its zone."""

    orientation: int = 1
    taken_at: datetime | None = None
    name: str = ""


def read_camera(image: Image.Image, *, zone: tzinfo) -> Camera:
    """From the header alone. zone: of cameras that did not note theirs."""
    try:
        # The PNG reader's own getexif decodes the whole image, the base class's not.
        tags = Image.Image.getexif(image)
        inner = tags.get_ifd(EXIF_IFD)
        name = camera_name(text_of(tags.get(MAKE)), text_of(tags.get(MODEL)))
        return Camera(orientation_of(image), taken_at(inner, zone=zone), name)
    except EXIF_ERRORS:
        return Camera(orientation_of(image))


def read_png_to_its_end(image: Image.Image, file: IO[bytes]) -> None:
    """
    The EXIF block that a PNG has behind its pixels, which are passed by.

    Pillow reads that by itself when it has decoded them, so that what it says of an
    image changes meanwhile.
    """
    if image.format != "PNG":
        return
    place = file.tell()
    file.seek(8)
    for _chunk in range(MOST_CHUNKS):
        head = file.read(8)
        if len(head) < 8:
            break
        size, kind = struct.unpack(">I4s", head)
        if kind == b"eXIf" and size <= MOST_EXIF_BYTES:
            image.info.setdefault("exif", b"Exif\0\0" + file.read(size))
            size = 0
        file.seek(size + 4, io.SEEK_CUR)
    file.seek(place)


def orientation_of(image: Image.Image) -> int:
    try:
        orientation = Image.Image.getexif(image).get(ORIENTATION)
    except EXIF_ERRORS:
        return 1
    if isinstance(orientation, int) and 1 <= orientation <= 8:
        return orientation
    return 1


def taken_at(tags: dict[int, Any], *, zone: tzinfo) -> datetime | None:
    for moment, offset, fraction in MOMENTS:
        found = moment_of(text_of(tags.get(moment)))
        if found is not None:
            microseconds = fraction_of(text_of(tags.get(fraction)))
            found = found.replace(microsecond=microseconds)
            return in_utc(found, offset_of(text_of(tags.get(offset))) or zone)
    return None


def moment_of(text: str) -> datetime | None:
    try:
        moment = datetime.strptime(text[:19], "%Y:%m:%d %H:%M:%S")
    except ValueError:
        return None
    return moment if moment.year >= FIRST_YEAR else None


def in_utc(moment: datetime, zone: tzinfo) -> datetime | None:
    try:
        return moment.replace(tzinfo=zone).astimezone(UTC)
    except OverflowError:  # the last day of the year 9999
        return None


def offset_of(text: str) -> tzinfo | None:
    match = OFFSET.fullmatch(text)
    if match is None:
        return None
    minutes = int(match[2]) * 60 + int(match[3])
    if minutes > 14 * 60:
        return None
    return timezone(timedelta(minutes=-minutes if match[1] == "-" else minutes))


def fraction_of(text: str) -> int:
    """Microseconds of the digits after the point."""
    is_number = text.isascii() and text.isdigit()
    return int(text[:6].ljust(6, "0")) if is_number else 0


def camera_name(make: str, model: str) -> str:
    """Make and model, the make once: "Canon" and "Canon EOS R5" are one camera."""
    maker = make.split(" ", 1)[0].lower()
    if maker and model.lower().startswith(maker):
        return model[:CAMERA_LENGTH]
    return f"{make} {model}".strip()[:CAMERA_LENGTH]


def text_of(value: Any) -> str:
    """A tag's text without what cameras pad it with, and what no text should hold."""
    if isinstance(value, bytes):
        value = value.decode("utf-8", errors="replace")
    if not isinstance(value, str):
        return ""
    text = value.split("\0", 1)[0]
    signs = (" " if unicodedata.category(s)[0] == "C" else s for s in text)
    return " ".join("".join(signs).split())
