"""What is drawn from a photo, by Pillow, from one decoding. No database here."""

import base64
import errno
import io
import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO

from django.utils.translation import gettext as _
from PIL import Image, ImageChops, ImageFile

from gallery.colours import eight_bits, for_the_web, in_srgb
from gallery.exceptions import UnreadablePhoto
from gallery.headers import DECODING_ERRORS, OPENABLE, facts_in

logger = logging.getLogger(__name__)

PREVIEW_PIXELS = 1600  # on the long side
THUMBNAIL_PIXELS = 400
PLACEHOLDER_PIXELS = 16
PLACEHOLDER_LENGTH = 800  # of the data: address, as the database takes it
QUALITY, METHOD = 80, 2  # WebP's; method 4 takes twice the time to save 6 %
ENOUGH = 0.5  # of the height of a photo that ends early
ONE_AT_A_TIME = threading.Lock()

# How each EXIF orientation is turned back; as ImageOps.exif_transpose, which also
# writes the EXIF block anew and fails where that is damaged.
TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


@dataclass(frozen=True)
class Renditions:
    """WebP files, without location or any other camera data."""

    preview: bytes
    thumbnail: bytes
    placeholder: str  # a data: address; "" when it would be too long
    width: int  # of the photo itself, as it is looked at
    height: int
    is_whole: bool = True  # else the file ends early


def draw_renditions(file: IO[bytes]) -> Renditions:
    """
    Preview, thumbnail and placeholder of the photo in `file`, which is decoded once.

    JPEGs are decoded at a half, a quarter or an eighth where that is enough
    (`draft`). Of a file that ends early what is there is drawn, if that is half of the
    photo. Raises UnreadablePhoto, and OSError when the disk fails meanwhile.
    """
    try:
        facts = facts_in(file)
        preview, profile, is_whole = decode(file, orientation=facts.orientation)
    except DECODING_ERRORS as error:
        if is_of_the_disk(error):
            raise
        logger.info("A photo cannot be decoded: %s", error)
        raise UnreadablePhoto(
            _(
                "The photo cannot be read: the file is damaged or was cut off, and too "
                "little of it is there. Upload it again from the original."
            )
        ) from error
    thumbnail = smaller(preview, THUMBNAIL_PIXELS)
    return Renditions(
        preview=encode(preview, profile),
        thumbnail=encode(thumbnail, profile),
        placeholder=placeholder_of(thumbnail, profile),
        width=facts.width,
        height=facts.height,
        is_whole=is_whole,
    )


def decode(file: IO[bytes], *, orientation: int) -> tuple[Image.Image, bytes, bool]:
    """The preview, its profile, and whether all of it is there."""
    try:
        with Image.open(file, formats=OPENABLE) as image:
            return *draw_preview(image, orientation=orientation), True
    except DECODING_ERRORS as error:
        if is_of_the_disk(error):
            raise
        logger.info("A photo is decoded as far as it goes: %s", error)
    with bearing_with_damage(), Image.open(file, formats=OPENABLE) as image:
        preview, profile = draw_preview(image, orientation=1)
    if share_drawn(preview) < ENOUGH:
        raise OSError("Too little of it is there.")
    return turned(preview, orientation), profile, False


@contextmanager
def bearing_with_damage() -> Iterator[None]:
    """Pillow decodes what it can. It has one setting for all, so one at a time."""
    with ONE_AT_A_TIME:
        ImageFile.LOAD_TRUNCATED_IMAGES = True
        try:
            yield
        finally:
            ImageFile.LOAD_TRUNCATED_IMAGES = False


def share_drawn(image: Image.Image) -> float:
    """How far down there is more than the one colour that fills what is missing."""
    plain = image.convert("RGB")
    filling = Image.new("RGB", plain.size, plain.getpixel((0, plain.height - 1)))
    box = ImageChops.difference(plain, filling).getbbox()
    return box[3] / plain.height if box else 0.0


def is_of_the_disk(error: Exception) -> bool:
    """
    Pillow's own errors have no number. EINVAL comes of a damaged header, which names
    a place before the file's beginning.
    """
    number = error.errno if isinstance(error, OSError) else None
    return number not in {None, errno.EINVAL}


def draw_preview(image: Image.Image, *, orientation: int) -> tuple[Image.Image, bytes]:
    """The image, turned as it is looked at, and the colour profile to keep with it."""
    # With the photo's own shape: `thumbnail` would ask for a square, and for
    # twice the pixels, and so decode most photos whole.
    image.draft(None, scaled(image.size, to=PREVIEW_PIXELS))
    image.load()
    profile = image.info.get("icc_profile")
    whole = eight_bits(image)
    whole.thumbnail((PREVIEW_PIXELS, PREVIEW_PIXELS), reducing_gap=2.0)
    return for_the_web(turned(whole, orientation), profile)


def turned(image: Image.Image, orientation: int) -> Image.Image:
    turn = TURNS.get(orientation)
    return image if turn is None else image.transpose(turn)


def smaller(image: Image.Image, pixels: int) -> Image.Image:
    return image.resize(scaled(image.size, to=pixels), reducing_gap=2.0)


def scaled(size: tuple[int, int], *, to: int) -> tuple[int, int]:
    """`size` with `to` pixels on the long side; never larger than it was."""
    scale = min(1.0, to / max(size))
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def placeholder_of(thumbnail: Image.Image, profile: bytes) -> str:
    """Blurred to a few bytes, for a page to show until the thumbnail has come."""
    tiny = smaller(thumbnail, PLACEHOLDER_PIXELS)
    tiny = in_srgb(tiny, profile) if profile else tiny
    content = base64.b64encode(encode(tiny, b"", quality=50)).decode()
    address = f"data:image/webp;base64,{content}"
    return address if len(address) <= PLACEHOLDER_LENGTH else ""


def encode(image: Image.Image, profile: bytes, *, quality: int = QUALITY) -> bytes:
    buffer = io.BytesIO()
    image.save(
        buffer,
        "WEBP",
        quality=quality,
        method=METHOD,
        icc_profile=profile,
        exif=b"",
        xmp=b"",
    )
    return buffer.getvalue()
