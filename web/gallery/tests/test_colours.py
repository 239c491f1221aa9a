"""Real colours: what goes in as a profile says is what a browser shows."""

import base64
import io
import struct
import zlib
from functools import cache

import pytest
from PIL import Image, ImageCms

from gallery.headers import read_facts
from gallery.images import PLACEHOLDER_LENGTH, draw_renditions
from gallery.tests.colour_profiles import (
    ADOBE_RGB,
    DISPLAY_P3,
    cmyk_profile,
    grey_profile,
    matrix_profile,
)
from gallery.tests.photos import encoded, picture


def as_seen(content: bytes) -> tuple[int, int, int]:
    """The middle of an image in sRGB, as a browser that minds profiles shows it."""
    image = Image.open(io.BytesIO(content))
    profile = image.info.get("icc_profile")
    image = image.convert("RGB")
    if profile:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        image = ImageCms.profileToProfile(image, source, ImageCms.createProfile("sRGB"))
    return image.getpixel((image.width // 2, image.height // 2))


def near(one, other, *, by=6):
    return all(abs(a - b) <= by for a, b in zip(one, other, strict=True))


def drawn(content):
    return draw_renditions(io.BytesIO(content))


def placeholder_bytes(placeholder):
    return base64.b64decode(placeholder.partition(",")[2])


@cache
def plain(colour, mode="RGB"):
    return Image.new(mode, (500, 400), colour)


@pytest.mark.parametrize("primaries", [DISPLAY_P3, ADOBE_RGB])
@pytest.mark.parametrize(
    "image_format", ["JPEG", "PNG", "TIFF", "WEBP", "HEIF", "AVIF"]
)
def test_wide_colours_look_the_same_in_everything_drawn(primaries, image_format):
    profile = matrix_profile(primaries, gamma=2.2)
    colour = (200, 120, 60)
    content = encoded(plain(colour), image_format, icc_profile=profile)
    source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
    wanted = ImageCms.profileToProfile(
        plain(colour), source, ImageCms.createProfile("sRGB")
    ).getpixel((250, 200))
    assert not near(wanted, colour), "the profile makes no difference"

    result = drawn(content)

    assert near(as_seen(result.preview), wanted)
    assert near(as_seen(result.thumbnail), wanted)
    assert near(as_seen(placeholder_bytes(result.placeholder)), wanted, by=10)


def test_a_small_wide_profile_is_kept_for_wide_screens():
    profile = matrix_profile(DISPLAY_P3, gamma=2.2)
    content = encoded(plain((255, 0, 0)), "JPEG", icc_profile=profile, quality=95)

    preview = Image.open(io.BytesIO(drawn(content).preview))

    assert preview.info["icc_profile"] == profile
    assert near(preview.convert("RGB").getpixel((250, 200)), (255, 0, 0))


def test_a_large_profile_is_applied_and_left_out():
    profile = matrix_profile(ADOBE_RGB, gamma=2.2)
    large = bytearray(profile + b"\0" * 8000)
    large[:4] = struct.pack(">I", len(large))
    content = encoded(plain((60, 200, 60)), "PNG", icc_profile=bytes(large))
    small = encoded(plain((60, 200, 60)), "PNG", icc_profile=profile)

    result = drawn(content)

    assert "icc_profile" not in Image.open(io.BytesIO(result.preview)).info
    assert near(as_seen(result.preview), as_seen(drawn(small).preview))


def test_srgb_is_what_browsers_take_for_granted():
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    content = encoded(plain((10, 200, 30)), "JPEG", icc_profile=srgb, quality=95)

    preview = drawn(content).preview

    assert "icc_profile" not in Image.open(io.BytesIO(preview)).info
    assert near(as_seen(preview), (10, 200, 30))


def test_wide_colours_and_transparency_go_together():
    profile = matrix_profile(DISPLAY_P3, gamma=2.2)
    image = Image.new("RGBA", (500, 400), (200, 120, 60, 128))
    opaque = encoded(plain((200, 120, 60)), "PNG", icc_profile=profile)

    result = drawn(encoded(image, "PNG", icc_profile=profile))

    preview = Image.open(io.BytesIO(result.preview))
    assert preview.mode == "RGBA"
    assert abs(preview.getpixel((250, 200))[3] - 128) <= 2
    assert near(as_seen(result.preview), as_seen(drawn(opaque).preview))


def test_cmyk_without_a_profile_is_converted_plainly():
    content = encoded(plain((255, 0, 0, 0), "CMYK"), "JPEG", quality=95)

    assert near(as_seen(drawn(content).preview), (0, 255, 255))


def test_cmyk_with_a_profile_is_shown_as_it_would_be_printed():
    profile = cmyk_profile()
    image = plain((200, 20, 20, 10), "CMYK")
    content = encoded(image, "JPEG", icc_profile=profile, quality=95)
    source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
    wanted = ImageCms.profileToProfile(
        image, source, ImageCms.createProfile("sRGB"), outputMode="RGB"
    ).getpixel((250, 200))
    assert not near(wanted, image.convert("RGB").getpixel((250, 200)), by=20)

    result = drawn(content)

    assert "icc_profile" not in Image.open(io.BytesIO(result.preview)).info
    assert near(as_seen(result.preview), wanted, by=8)
    tiff = encoded(image, "TIFF", icc_profile=profile)
    assert near(as_seen(drawn(tiff).preview), wanted, by=8)


def test_a_profile_that_is_broken_or_of_another_kind_is_as_none():
    for profile in (b"rubbish", cmyk_profile(), b"\0" * 36 + b"acsp" + b"\0" * 200):
        content = encoded(plain((10, 200, 30)), "PNG", icc_profile=profile)

        assert near(as_seen(drawn(content).preview), (10, 200, 30))


def test_a_grey_profile_is_applied():
    content = encoded(plain(55, "L"), "PNG", icc_profile=grey_profile())

    # 55 of 255 in light is 128 in sRGB.
    assert near(as_seen(drawn(content).preview), (128, 128, 128))


def test_lab_is_shown_in_its_colours():
    lab = ImageCms.profileToProfile(
        plain((200, 120, 60)),
        ImageCms.createProfile("sRGB"),
        ImageCms.createProfile("LAB"),
        outputMode="LAB",
    )

    preview = drawn(encoded(lab, "TIFF")).preview

    assert near(as_seen(preview), (200, 120, 60))


@pytest.mark.parametrize(("value", "wanted"), [(0, 0), (32768, 128), (65535, 255)])
@pytest.mark.parametrize("mode", ["I;16", "I;16B"])
@pytest.mark.parametrize("image_format", ["PNG", "TIFF"])
def test_sixteen_bits_of_grey_have_the_right_tones(mode, image_format, value, wanted):
    content = encoded(Image.new(mode, (50, 40), value), image_format)

    assert near(as_seen(drawn(content).preview), (wanted,) * 3, by=2)


def test_floating_point_greys_have_the_right_tones():
    for white in (1.0, 255.0, 4000.0):
        image = Image.new("F", (50, 40), white)
        image.paste(white / 2, (0, 0, 50, 39))

        content = encoded(image, "TIFF")

        assert near(as_seen(drawn(content).preview), (128,) * 3, by=2)


def test_sixteen_bits_of_colour_have_the_right_tones():
    row = b"\0" + struct.pack(">3H", 0xC8C8, 0x7878, 0x3C3C) * 50

    def chunk(kind, body):
        checksum = struct.pack(">I", zlib.crc32(kind + body))
        return struct.pack(">I", len(body)) + kind + body + checksum

    content = (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", struct.pack(">IIBBBBB", 50, 40, 16, 2, 0, 0, 0))
        + chunk(b"IDAT", zlib.compress(row * 40))
        + chunk(b"IEND", b"")
    )

    assert near(as_seen(drawn(content).preview), (200, 120, 60))


def test_palettes_keep_colour_and_transparency():
    image = plain((200, 120, 60)).quantize(4)
    see_through = Image.new("P", (50, 40), 0)
    see_through.putpalette([200, 120, 60])

    opaque = drawn(encoded(image, "GIF")).preview
    clear = drawn(encoded(see_through, "PNG", transparency=0)).preview

    assert near(as_seen(opaque), (200, 120, 60))
    assert Image.open(io.BytesIO(clear)).getpixel((25, 20))[3] == 0


def test_one_colour_may_be_transparent():
    content = encoded(plain((200, 120, 60)), "PNG", transparency=(200, 120, 60))

    preview = Image.open(io.BytesIO(drawn(content).preview))
    assert preview.getpixel((250, 200))[3] == 0


@pytest.mark.parametrize("image_format", ["GIF", "WEBP", "PNG", "TIFF", "AVIF"])
def test_of_a_moving_picture_the_first_frame_is_drawn(image_format):
    frames = [plain((200, 30, 30)), plain((30, 30, 200))]
    pace = {} if image_format == "TIFF" else {"duration": 100}
    content = encoded(
        frames[0], image_format, save_all=True, append_images=frames[1:], **pace
    )

    assert near(as_seen(drawn(content).preview), (200, 30, 30), by=12)


def test_of_a_stereo_photo_the_first_is_drawn():
    frames = [plain((200, 30, 30)), plain((30, 30, 200))]
    content = encoded(frames[0], "MPO", save_all=True, append_images=frames[1:])

    assert near(as_seen(drawn(content).preview), (200, 30, 30))


@pytest.mark.parametrize("size", [(1500, 1000), (100, 3000), (16, 16), (1, 1)])
def test_a_placeholder_is_tiny_and_of_the_same_shape(size):
    photo = picture(*size).convert("RGBA")
    photo.putalpha(picture(*size, seed=3).convert("L"))

    placeholder = drawn(encoded(photo, "PNG")).placeholder

    assert placeholder.startswith("data:image/webp;base64,")
    assert len(placeholder) <= PLACEHOLDER_LENGTH
    tiny = Image.open(io.BytesIO(placeholder_bytes(placeholder)))
    assert max(tiny.size) == min(16, max(size))


@pytest.mark.parametrize(
    "image_format", ["JPEG", "PNG", "WEBP", "TIFF", "HEIF", "AVIF"]
)
@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_format_is_turned_once(image_format, orientation):
    image = Image.new("RGB", (300, 200), "white")
    image.paste("red", (0, 0, 100, 100))
    exif = Image.Exif()
    exif[0x0112] = orientation
    content = encoded(image, image_format, exif=exif.tobytes())

    facts = read_facts(io.BytesIO(content))
    preview = Image.open(io.BytesIO(drawn(content).preview)).convert("RGB")

    assert preview.size == (facts.width, facts.height)
    assert preview.size == ((300, 200) if orientation < 5 else (200, 300))
    right, bottom = preview.width - 20, preview.height - 20
    corner = {
        1: (20, 20),
        2: (right, 20),
        3: (right, bottom),
        4: (20, bottom),
        5: (20, 20),
        6: (right, 20),
        7: (right, bottom),
        8: (20, bottom),
    }[orientation]
    assert preview.getpixel(corner)[1] < 60
