"""Photos and zips for tests, made on the spot."""

import io
import random
import struct
import zipfile
import zlib

from PIL import Image

GPS_TAG, ORIENTATION_TAG = 0x8825, 0x0112


def picture(width=640, height=480, *, seed=0) -> Image.Image:
    """Soft colours that differ by seed, with enough detail to be worth encoding."""
    maker = random.Random(seed)
    small = Image.new("RGB", (32, 24))
    small.putdata([tuple(maker.randbytes(3)) for _ in range(32 * 24)])
    return small.resize((width, height), Image.Resampling.BICUBIC)


def jpeg(width=640, height=480, *, seed=0, orientation=1, gps=False, **options):
    exif = Image.Exif()
    exif[ORIENTATION_TAG] = orientation
    if gps:
        exif[GPS_TAG] = {1: "N", 2: (48.0, 51.0, 24.0), 3: "E", 4: (2.0, 21.0, 3.0)}
    buffer = io.BytesIO()
    picture(width, height, seed=seed).save(
        buffer, "JPEG", quality=85, exif=exif, **options
    )
    return buffer.getvalue()


def encoded(image: Image.Image, image_format: str, **options) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, image_format, **options)
    return buffer.getvalue()


def png_header(width: int, height: int) -> bytes:
    """A PNG that promises that many pixels and has next to none."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        checksum = struct.pack(">I", zlib.crc32(kind + body))
        return struct.pack(">I", len(body)) + kind + body + checksum

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b"\0" * 64))
        + chunk(b"IEND", b"")
    )


def zip_of(files: dict[str, bytes], *, compress=False) -> bytes:
    buffer = io.BytesIO()
    method = zipfile.ZIP_DEFLATED if compress else zipfile.ZIP_STORED
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()
