"""Files that people upload by mistake, and some upload on purpose."""

import io
import struct
import zipfile
import zlib

from landscapes import landscape


def truncated_jpeg() -> bytes:
    """Its header promises more than there is, and less than half can be drawn."""
    whole = landscape(2)
    return whole[: len(whole) // 4]


def giant_png(*, side: int = 60_000) -> bytes:
    """A few bytes that say they are a picture of `side` by `side` pixels."""
    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    chunks = (b"IHDR", header), (b"IDAT", zlib.compress(b"\0" * 64)), (b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(*parts) for parts in chunks)


def chunk(kind: bytes, content: bytes) -> bytes:
    checksum = struct.pack(">I", zlib.crc32(kind + content))
    return struct.pack(">I", len(content)) + kind + content + checksum


def zip_of(members: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()
