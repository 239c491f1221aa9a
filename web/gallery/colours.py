"""
From what a photo's pixels mean to what a browser shows: 8 bits, RGB, the right colours.

A browser takes an image without a profile for sRGB. A small RGB profile (Display P3,
Adobe RGB) is kept beside the pixels: wide screens show what the camera saw. All others
(of printers, of scanners, in CMYK, grey or Lab) are applied here, the result is sRGB.
"""

import io
import math
from functools import lru_cache
from typing import Any

from PIL import Image, ImageCms

KEPT_BYTES = 4096  # of a profile: it is sent with each preview and thumbnail
SRGB = ImageCms.createProfile("sRGB")
SPACES = {"RGB": "RGB ", "L": "GRAY", "CMYK": "CMYK", "LAB": "Lab "}
FLAGS = ImageCms.Flags.BLACKPOINTCOMPENSATION
INTENT = ImageCms.Intent.RELATIVE_COLORIMETRIC


def eight_bits(image: Image.Image) -> Image.Image:
    """Modes that cannot be resized well are converted first; the colours stay."""
    if image.mode.startswith("I;16"):
        return deep_grey(image.convert("I"), white=65535)
    if image.mode in {"I", "F"}:
        return deep_grey(image, white=white_of(image))
    if "transparency" in image.info and image.mode in {"1", "L", "P", "RGB"}:
        return image.convert("RGBA")
    if image.mode in {"P", "1"}:
        return image.convert("RGB")
    return image.convert("RGBA") if image.mode == "PA" else image


def white_of(image: Image.Image) -> float:
    """The value that is white: as usual in this mode, or the largest there is."""
    extrema: Any = image.getextrema()
    highest = extrema[1]
    if not math.isfinite(highest):
        return 1
    usual = (1, 255) if image.mode == "F" else (65535,)
    return next((white for white in usual if highest <= white), highest)


def deep_grey(image: Image.Image, *, white: float) -> Image.Image:
    scale = 255 / white
    return image.point(lambda value: value * scale + 0.5).convert("L")


def for_the_web(image: Image.Image, profile: bytes | None) -> tuple[Image.Image, bytes]:
    """The image as RGB or RGBA, and the profile to keep beside it; b"" is sRGB."""
    has_alpha = image.mode in {"LA", "La", "RGBA", "RGBa"}
    wanted = "RGBA" if has_alpha else "RGB"
    space = {"LA": "L", "La": "L", "RGBA": "RGB", "RGBa": "RGB"}.get(
        image.mode, image.mode
    )
    if image.mode == "LAB":
        return applied(image, lab_profile()), b""
    if not profile or space_of(profile) != SPACES.get(space):
        return plain(image, wanted), b""
    if space == "RGB" and is_srgb(profile):
        return plain(image, wanted), b""
    if space == "RGB" and len(profile) <= KEPT_BYTES:
        return plain(image, wanted), profile
    return in_srgb(image, profile), b""


def plain(image: Image.Image, mode: str) -> Image.Image:
    return image if image.mode == mode else image.convert(mode)


def in_srgb(image: Image.Image, profile: bytes) -> Image.Image:
    """Its colours by `profile`, then without; transparency stays as it is."""
    if image.mode not in {"LA", "La", "RGBA", "RGBa"}:
        return applied(image, profile)
    image = plain(image, "RGBA" if image.mode.startswith("RGB") else "LA")
    alpha = image.getchannel("A")
    opaque = image.convert("RGB" if image.mode == "RGBA" else "L")
    result = applied(opaque, profile)
    result.putalpha(alpha)
    return result


def applied(image: Image.Image, profile: bytes) -> Image.Image:
    """A profile that cannot be used is as none."""
    try:
        result = transform(profile, image.mode).apply(image)
    except (ImageCms.PyCMSError, OSError, ValueError):
        return image.convert("RGB")
    result.info.pop("icc_profile", None)
    return result


# A worker draws many photos of few cameras.
@lru_cache(maxsize=8)
def transform(profile: bytes, mode: str) -> ImageCms.ImageCmsTransform:
    source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
    return ImageCms.buildTransform(
        source, SRGB, mode, "RGB", renderingIntent=INTENT, flags=FLAGS
    )


@lru_cache(maxsize=32)
def space_of(profile: bytes) -> str:
    """As the ICC names it, four letters; "" for what is no profile."""
    return profile[16:20].decode("ascii", errors="replace") if is_icc(profile) else ""


def is_icc(profile: bytes) -> bool:
    return len(profile) > 128 and profile[36:40] == b"acsp"


@lru_cache(maxsize=32)
def is_srgb(profile: bytes) -> bool:
    try:
        opened = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        return "sRGB" in ImageCms.getProfileDescription(opened)
    except (ImageCms.PyCMSError, OSError, ValueError):
        return True  # nobody can read it: without it, browsers take it for sRGB too


@lru_cache(maxsize=1)
def lab_profile() -> bytes:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
