import io
import math
import os
import struct
import subprocess
import sys
import zlib

import pytest
from PIL import Image
from PIL.JpegImagePlugin import JpegImageFile

from gallery.exceptions import NotAnImage, TooManyPixels, UnreadablePhoto
from gallery.headers import SHARE_OF_LIMIT, read_facts
from gallery.images import draw_renditions
from gallery.tests.photos import encoded, jpeg, picture, png_header


def opened(content: bytes) -> Image.Image:
    return Image.open(io.BytesIO(content))


def test_renditions_are_webp_of_the_promised_sizes():
    drawn = draw_renditions(io.BytesIO(jpeg(3000, 2000)))

    assert opened(drawn.preview).format == opened(drawn.thumbnail).format == "WEBP"
    assert opened(drawn.preview).size == (1600, 1067)
    assert opened(drawn.thumbnail).size == (400, 267)


def test_a_large_jpeg_is_decoded_at_a_fraction_and_the_whole_is_shown(monkeypatch):
    decoded = []
    load = JpegImageFile.load

    def remember(image):
        result = load(image)
        decoded.append(image.size)
        return result

    monkeypatch.setattr(JpegImageFile, "load", remember)
    image = Image.new("RGB", (4000, 3000), "white")
    image.paste("red", (3600, 2600, 4000, 3000))

    preview = opened(draw_renditions(io.BytesIO(encoded(image, "JPEG"))).preview)

    assert decoded[0] == (2000, 1500)
    assert preview.size == (1600, 1200)
    assert preview.convert("RGB").getpixel((1590, 1190))[1] < 60
    assert preview.convert("RGB").getpixel((10, 10))[1] > 200


def test_a_small_photo_is_not_blown_up():
    drawn = draw_renditions(io.BytesIO(jpeg(120, 80)))

    assert opened(drawn.preview).size == opened(drawn.thumbnail).size == (120, 80)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_orientation_is_applied(orientation):
    image = Image.new("RGB", (300, 200), "white")
    image.paste("red", (0, 0, 100, 100))  # the corner tells how it was turned
    exif = Image.Exif()
    exif[0x0112] = orientation
    content = encoded(image, "JPEG", exif=exif, quality=95)
    corner = {
        1: (20, 20),
        2: (280, 20),
        3: (280, 180),
        4: (20, 180),
        5: (20, 20),
        6: (180, 20),
        7: (180, 280),
        8: (20, 280),
    }[orientation]

    preview = opened(draw_renditions(io.BytesIO(content)).preview)

    facts = read_facts(io.BytesIO(content))
    assert preview.size == (facts.width, facts.height)
    assert preview.size == ((300, 200) if orientation < 5 else (200, 300))
    red, green, _blue = preview.convert("RGB").getpixel(corner)
    assert red > 200
    assert green < 60


def test_location_and_camera_data_are_left_behind():
    content = jpeg(gps=True)
    assert opened(content).getexif().get_ifd(0x8825)  # it was there

    drawn = draw_renditions(io.BytesIO(content))

    for rendition in (drawn.preview, drawn.thumbnail):
        assert not dict(opened(rendition).getexif())
        assert b"EXIF" not in rendition
        assert b"XMP " not in rendition


def test_every_mode_and_format_comes_out_right():
    photo = picture(500, 400)
    sixteen_bits = Image.new("I;16", (300, 200), 32768)
    see_through = photo.copy().convert("RGBA")
    see_through.putalpha(128)
    files = {
        "CMYK JPEG": encoded(photo.convert("CMYK"), "JPEG"),
        "grey JPEG": encoded(photo.convert("L"), "JPEG"),
        "progressive JPEG": encoded(photo, "JPEG", progressive=True),
        "palette PNG": encoded(photo.convert("P"), "PNG"),
        "16-bit PNG": encoded(sixteen_bits, "PNG"),
        "PNG with alpha": encoded(see_through, "PNG"),
        "1-bit TIFF": encoded(photo.convert("1"), "TIFF"),
        "GIF": encoded(photo, "GIF"),
        "WebP": encoded(photo, "WEBP"),
        "AVIF": encoded(photo, "AVIF"),
        "HEIF": encoded(photo, "HEIF"),
    }
    for name, content in files.items():
        preview = opened(draw_renditions(io.BytesIO(content)).preview)
        assert preview.width == (300 if name == "16-bit PNG" else 500), name
        if name == "16-bit PNG":
            level = preview.convert("L").getpixel((150, 100))
            assert 120 <= level <= 136, "half of 16 bits is half of 8 bits"
        if name == "PNG with alpha":
            assert preview.mode == "RGBA"


def cut(content: bytes, *, share: float) -> io.BytesIO:
    return io.BytesIO(content[: int(len(content) * share)])


@pytest.mark.parametrize("image_format", ["JPEG", "PNG", "GIF", "TIFF"])
@pytest.mark.parametrize("share", [0.99, 0.8])
def test_a_photo_that_ends_early_is_drawn_as_far_as_it_goes(image_format, share):
    photo = Image.effect_noise((600, 400), 60).convert("RGB")
    content = encoded(photo, image_format)

    drawn = draw_renditions(cut(content, share=share))

    assert not drawn.is_whole
    assert (drawn.width, drawn.height) == opened(drawn.preview).size == (600, 400)
    assert draw_renditions(io.BytesIO(content)).is_whole


@pytest.mark.parametrize("orientation", [3, 6])
def test_a_photo_that_ends_early_is_turned_all_the_same(orientation):
    content = jpeg(600, 400, orientation=orientation)

    drawn = draw_renditions(cut(content, share=0.9))

    assert not drawn.is_whole
    assert (drawn.width, drawn.height) == opened(drawn.preview).size
    assert (drawn.width > drawn.height) == (orientation == 3)


@pytest.mark.parametrize("image_format", ["JPEG", "PNG", "GIF"])
def test_a_photo_of_which_little_is_there_is_refused_in_our_own_words(image_format):
    content = encoded(picture(2000, 1500), image_format)

    with pytest.raises(UnreadablePhoto) as refused:
        draw_renditions(cut(content, share=0.05))

    assert "cut off" in str(refused.value)
    assert "bytes" not in str(refused.value)


@pytest.mark.parametrize("image_format", ["WEBP", "AVIF", "HEIF"])
@pytest.mark.parametrize("share", [0.99, 0.5])
def test_formats_that_need_the_whole_file_are_refused_in_our_own_words(
    image_format, share
):
    file = cut(encoded(picture(600, 400), image_format), share=share)

    def take_in():
        read_facts(file)
        draw_renditions(file)

    with pytest.raises((NotAnImage, UnreadablePhoto), match="was cut off"):
        take_in()


def test_a_damaged_png_is_unreadable():
    with pytest.raises(UnreadablePhoto):
        draw_renditions(io.BytesIO(png_header(640, 480)))


def png_with_exif_behind(image: Image.Image, exif: bytes) -> bytes:
    content = encoded(image, "PNG")
    body = b"eXIf" + exif.removeprefix(b"Exif\0\0")
    size, checksum = len(body) - 4, zlib.crc32(body)
    chunk = struct.pack(">I", size) + body + struct.pack(">I", checksum)
    return content[:-12] + chunk + content[-12:]


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("image_format", ["PNG", "PNG, behind", "WEBP", "TIFF", "HEIF"])
def test_a_photo_is_listed_as_it_is_drawn(image_format, orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    photo = picture(300, 200)
    if image_format == "PNG, behind":
        content = png_with_exif_behind(photo, exif.tobytes())
    else:
        content = encoded(photo, image_format, exif=exif.tobytes())

    facts = read_facts(io.BytesIO(content))
    drawn = draw_renditions(io.BytesIO(content))

    size = (facts.width, facts.height)
    assert size == (drawn.width, drawn.height) == opened(drawn.preview).size
    if image_format != "HEIF":  # its own box turns it, whatever EXIF says
        assert size == ((300, 200) if orientation < 5 else (200, 300))


@pytest.mark.parametrize("content", [b"hello", b"\xff\xd8\xff\xe0", b"<svg/>", b"%PDF"])
def test_what_is_no_photo_is_refused(content):
    with pytest.raises(NotAnImage):
        read_facts(io.BytesIO(content))


def test_a_webp_may_have_fewer_pixels_since_it_takes_more_memory(settings):
    settings.PHOTO_LIMIT_MEGAPIXELS = 1
    photo = picture(1000, 900)

    read_facts(io.BytesIO(encoded(photo, "PNG")))
    with pytest.raises(TooManyPixels, match="1 megapixels; at most 1 are taken as"):
        read_facts(io.BytesIO(encoded(photo, "WEBP")))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("image_format", "mode", "options"),
    [
        ("PNG", "RGBA", {"compress_level": 1}),
        ("PNG", "P", {"compress_level": 1}),
        ("JPEG", "RGB", {"progressive": True, "subsampling": 0}),
        ("TIFF", "RGB", {}),
        ("WEBP", "RGB", {"quality": 20, "method": 0}),
    ],
)
def test_the_largest_photo_stays_within_a_workers_memory(
    tmp_path, image_format, mode, options
):
    megapixels = 64 * SHARE_OF_LIMIT.get(image_format, 1)
    side = int(math.sqrt(megapixels * 1_000_000))
    path = tmp_path / "largest"
    Image.effect_noise((500, 500), 60).resize((side, side)).convert(mode).save(
        path, image_format, **options
    )
    script = (
        "import django, sys, pathlib; django.setup()\n"
        "from gallery.images import draw_renditions\n"
        "draw_renditions(open(sys.argv[1], 'rb'))\n"
        "print(pathlib.Path('/proc/self/status').read_text())"
    )

    status = subprocess.run(
        [sys.executable, "-c", script, str(path)],
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "config.settings"},
        capture_output=True,
        check=True,
        text=True,
    ).stdout

    peak_kilobytes = int(status.split("VmHWM:")[1].split()[0])
    assert peak_kilobytes < 720_000, "services.yml gives a worker 1.8 GB for two"


@pytest.mark.parametrize("size", [(60_000, 60_000), (10_000, 8_000)])
def test_too_many_pixels_are_refused_from_the_header(size):
    with pytest.raises(TooManyPixels, match="megapixels; at most 64"):
        read_facts(io.BytesIO(png_header(*size)))
