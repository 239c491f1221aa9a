"""What the header of a file says of the photo in it; nothing is decoded."""

import struct
import warnings
from dataclasses import dataclass
from datetime import datetime
from typing import IO

import pillow_heif
from django.conf import settings
from django.utils.timezone import get_default_timezone
from django.utils.translation import gettext as _
from PIL import Image, UnidentifiedImageError

from gallery.exceptions import NotAnImage, RawFile, TooManyPixels
from gallery.exif import Camera, read_camera, read_png_to_its_end
from gallery.raw_files import is_named_raw, is_raw

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
# Of these Pillow tells how large they are when looked at, not how they are stored.
TURNED_BY_PILLOW = {"TIFF"}  # of HEIF it tells no orientation either

HEIF_STARTS = {b"ftypavif", b"ftypavis", b"ftypheic", b"ftypheix", b"ftypmif1"}
# What Pillow's decoders raise when the bytes are not what the header promised.
DECODING_ERRORS = (
    OSError,
    SyntaxError,
    ValueError,
    EOFError,
    IndexError,
    KeyError,
    TypeError,
    OverflowError,
    struct.error,
    Image.DecompressionBombError,
)


@dataclass(frozen=True)
class ImageFacts:
    """
    width and height:  as a person looks at it.
    orientation:       how to turn what Pillow decodes for that, in EXIF's numbers.
    """

    format: str
    width: int
    height: int
    taken_at: datetime | None = None
    camera: str = ""
    orientation: int = 1

    @property
    def content_type(self) -> str:
        return FORMATS[self.format][0]

    @property
    def endings(self) -> tuple[str, ...]:
        return FORMATS[self.format][1]


def read_facts(file: IO[bytes], *, name: str = "") -> ImageFacts:
    """Raises RawFile, NotAnImage and TooManyPixels. name: tells raw files by it too."""
    limit = settings.PHOTO_LIMIT_MEGAPIXELS
    if is_raw(file, name=name):
        raise raw_file()
    try:
        facts = facts_in(file)
    except UnidentifiedImageError as error:
        if is_named_raw(name):
            raise raw_file() from error
        if begins_as_photo(file):
            raise damaged() from error
        raise NotAnImage(
            _(
                "This is not a photo in a format that is known here "
                "(JPEG, PNG, WebP, GIF, TIFF, AVIF, HEIC)."
            )
        ) from error
    except Image.DecompressionBombError as error:
        problem = _(
            "It has more than %(found)s megapixels; at most %(limit)s are taken. "
            "Make it smaller and upload it again."
        )
        raise TooManyPixels(problem % {"found": 2 * limit, "limit": limit}) from error
    except DECODING_ERRORS as error:
        raise damaged() from error
    check_pixels(facts, limit_megapixels=limit)
    return facts


def begins_as_photo(file: IO[bytes]) -> bool:
    """Of some formats Pillow wants the whole file, to know them at all."""
    file.seek(0)
    head = file.read(12)
    is_webp = head[:4] == b"RIFF" and head[8:] == b"WEBP"
    return is_webp or head[4:] in HEIF_STARTS or head.startswith((b"II*\0", b"MM\0*"))


def damaged() -> NotAnImage:
    return NotAnImage(
        _(
            "It begins as a photo does, but it is damaged or was cut off. "
            "Upload it again from the original."
        )
    )


def raw_file() -> RawFile:
    return RawFile(
        _(
            "This is a camera’s raw file, which is not shown here. Export it as a JPEG "
            "with the camera’s or another photo program, and upload that."
        )
    )


def facts_in(file: IO[bytes]) -> ImageFacts:
    """The same for whoever lists the photo and for whoever draws it."""
    with Image.open(file, formats=OPENABLE) as image:
        read_png_to_its_end(image, file)
        camera = read_camera(image, zone=get_default_timezone())
        return facts_of(image, camera)


def check_pixels(facts: ImageFacts, *, limit_megapixels: int) -> None:
    limit = limit_megapixels * SHARE_OF_LIMIT.get(facts.format, 1)
    megapixels = facts.width * facts.height / 1_000_000
    if megapixels > limit:
        problem = _(
            "It has %(width)s × %(height)s pixels, which is %(found)s megapixels; "
            "at most %(limit)s are taken as %(format)s. Make it smaller and upload it "
            "again."
        )
        raise TooManyPixels(
            problem
            % {
                "width": f"{facts.width:,}",
                "height": f"{facts.height:,}",
                "found": f"{megapixels:.0f}",
                "limit": f"{limit:.0f}",
                "format": facts.format,
            }
        )


def facts_of(image: Image.Image, camera: Camera) -> ImageFacts:
    width, height = image.size
    orientation = 1 if image.format in TURNED_BY_PILLOW else camera.orientation
    if orientation >= 5:
        width, height = height, width
    return ImageFacts(
        format=image.format or "",
        width=width,
        height=height,
        taken_at=camera.taken_at,
        camera=camera.name,
        orientation=orientation,
    )
