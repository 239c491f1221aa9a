"""What Pillow says about an image, and what is drawn from it. No database here."""

import io
import struct
import warnings
from dataclasses import dataclass
from typing import IO

import pillow_heif
from django.conf import settings
from PIL import Image, ImageOps, UnidentifiedImageError

from gallery.exceptions import NotAnImage, TooManyPixels, UnreadablePhoto

pillow_heif.register_heif_opener()
# Reading a header, Pillow warns of more than this and refuses twice as many;
# `read_facts` refuses exactly, so its warning tells nothing new.
Image.MAX_IMAGE_PIXELS = settings.PHOTO_LIMIT_MEGAPIXELS * 1_000_000
warnings.filterwarnings("ignore", category=Image.DecompressionBombWarning)

# Pillow's name of each format that is taken: content type, usual endings.
FORMATS = {
    "JPEG": ("image/jpeg", ("jpg", "jpeg", "jpe", "jfif")),
    "MPO": ("image/jpeg", ("jpg", "jpeg", "mpo")),
    "PNG": ("image/png", ("png", "apng")),
    "WEBP": ("image/webp", ("webp",)),
    "GIF": ("image/gif", ("gif",)),
    "TIFF": ("image/tiff", ("tif", "tiff")),
    "AVIF": ("image/avif", ("avif",)),
    "HEIF": ("image/heic", ("heic", "heif", "hif")),
}
OPENABLE = [name for name in FORMATS if name != "MPO"]  # those are opened as JPEG
# Decoding takes up to 10 bytes a pixel; libwebp takes 16, so WebP may have fewer.
SHARE_OF_LIMIT = {"WEBP": 0.6}
PREVIEW_PIXELS = 1600  # on the long side
THUMBNAIL_PIXELS = 400
QUALITY, METHOD = 80, 2  # WebP's; method 4 takes twice the time to save 6 %
ORIENTATION_TAG = 0x0112

# What Pillow's decoders raise when the bytes are not what the header promised.
DECODING_ERRORS = (
    OSError,
    SyntaxError,
    ValueError,
    EOFError,
    IndexError,
    OverflowError,
    struct.error,
    Image.DecompressionBombError,
)


@dataclass(frozen=True)
class ImageFacts:
    """From the header alone. `width` and `height` are as a person looks at it."""

    format: str
    width: int
    height: int

    @property
    def content_type(self) -> str:
        return FORMATS[self.format][0]

    @property
    def endings(self) -> tuple[str, ...]:
        return FORMATS[self.format][1]


@dataclass(frozen=True)
class Renditions:
    """WebP files, without location or any other camera data."""

    preview: bytes
    thumbnail: bytes


def read_facts(file: IO[bytes]) -> ImageFacts:
    """
    What the header of `file` says; nothing is decoded.

    Raises NotAnImage and TooManyPixels.
    """
    limit = settings.PHOTO_LIMIT_MEGAPIXELS
    try:
        with Image.open(file, formats=OPENABLE) as image:
            facts = facts_of(image)
    except UnidentifiedImageError as error:
        raise NotAnImage(
            "This is not a photo in a format that is known here "
            "(JPEG, PNG, WebP, GIF, TIFF, AVIF, HEIC)."
        ) from error
    except Image.DecompressionBombError as error:
        raise TooManyPixels(
            f"It has more than {2 * limit} megapixels; at most {limit} are taken. "
            "Make it smaller and upload it again."
        ) from error
    except DECODING_ERRORS as error:
        raise NotAnImage(
            "Its beginning looks like a photo, but its header is damaged. "
            "Upload it again from the original."
        ) from error
    check_pixels(facts, limit_megapixels=limit)
    return facts


def check_pixels(facts: ImageFacts, *, limit_megapixels: int) -> None:
    limit = limit_megapixels * SHARE_OF_LIMIT.get(facts.format, 1)
    megapixels = facts.width * facts.height / 1_000_000
    if megapixels > limit:
        raise TooManyPixels(
            f"It has {facts.width:,} × {facts.height:,} pixels, which is "
            f"{megapixels:.0f} megapixels; at most {limit:.0f} are taken as "
            f"{facts.format}. Make it smaller and upload it again."
        )


def facts_of(image: Image.Image) -> ImageFacts:
    # The PNG reader's own getexif decodes the whole image, the base class's does not.
    orientation = Image.Image.getexif(image).get(ORIENTATION_TAG)
    width, height = image.size
    if orientation in {5, 6, 7, 8}:
        width, height = height, width
    return ImageFacts(format=image.format or "", width=width, height=height)


def draw_renditions(file: IO[bytes]) -> Renditions:
    """
    Preview and thumbnail of the photo in `file`, which is decoded once.

    JPEGs are decoded at a half, a quarter or an eighth where that is enough
    (`draft`). Raises UnreadablePhoto.
    """
    try:
        with Image.open(file, formats=OPENABLE) as image:
            icc_profile = image.info.get("icc_profile") if image.mode == "RGB" else None
            # With the photo's own shape: `thumbnail` would ask for a square, and for
            # twice the pixels, and so decode most photos whole.
            image.draft(None, scaled(image.size, to=PREVIEW_PIXELS))
            image.load()
            whole = eight_bits(image)
            whole.thumbnail((PREVIEW_PIXELS, PREVIEW_PIXELS), reducing_gap=2.0)
            preview = for_the_web(ImageOps.exif_transpose(whole))
    except DECODING_ERRORS as error:
        raise UnreadablePhoto(
            "The photo cannot be read to its end; the file is damaged or was cut off "
            f"({str(error).rstrip('.')}). Upload it again from the original."
        ) from error
    thumbnail = preview.resize(
        scaled(preview.size, to=THUMBNAIL_PIXELS), reducing_gap=2.0
    )
    return Renditions(
        preview=encode(preview, icc_profile), thumbnail=encode(thumbnail, icc_profile)
    )


def eight_bits(image: Image.Image) -> Image.Image:
    """Modes that cannot be resized well are converted first."""
    if image.mode.startswith("I") or image.mode == "F":
        return image.point(lambda value: value * (1 / 256)).convert("L")
    if image.mode == "P" or image.mode == "1":
        return image.convert("RGBA" if "transparency" in image.info else "RGB")
    return image


def for_the_web(image: Image.Image) -> Image.Image:
    has_alpha = image.mode in {"LA", "PA", "RGBA", "RGBa", "La"}
    wanted = "RGBA" if has_alpha else "RGB"
    return image if image.mode == wanted else image.convert(wanted)


def scaled(size: tuple[int, int], *, to: int) -> tuple[int, int]:
    """`size` with `to` pixels on the long side; never larger than it was."""
    scale = min(1.0, to / max(size))
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def encode(image: Image.Image, icc_profile: bytes | None) -> bytes:
    buffer = io.BytesIO()
    image.save(
        buffer,
        "WEBP",
        quality=QUALITY,
        method=METHOD,
        icc_profile=icc_profile or b"",
        exif=b"",
        xmp=b"",
    )
    return buffer.getvalue()
