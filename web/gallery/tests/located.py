"""Photos that say where they were taken, in each format and in each way."""

import io
import struct

from PIL import Image
from PIL.PngImagePlugin import PngInfo
from PIL.TiffImagePlugin import ImageFileDirectory_v2

from gallery.tests.photos import encoded, picture

LATITUDE, LONGITUDE = (47.0, 27.0, 58.87), (3.0, 44.0, 55.43)
PLACE = b"Vezelay"
GPS = {1: "N", 2: LATITUDE, 3: "E", 4: LONGITUDE}
XMP_HEAD = b"http://ns.adobe.com/xap/1.0/\0"
KEPT = b"Ansel Adams"
PROPERTIES = {
    "attribute": b' exif:GPSLatitude="47,27.981N"',
    "drone": b' drone-dji:GpsLatitude="47.466"',
    "city": b' photoshop:City="Vezelay"',
}
ELEMENTS = {
    "element": b"<exif:GPSLongitude>3,44.924E</exif:GPSLongitude>",
    "structure": b"<Iptc4xmpExt:LocationShown><rdf:Bag><rdf:li "
    b'Iptc4xmpExt:City="Vezelay"/></rdf:Bag></Iptc4xmpExt:LocationShown>',
}


def exif(*, gps=True, orientation=6, note=b"") -> Image.Exif:
    tags = Image.Exif()
    tags[0x0112], tags[0x013B] = orientation, KEPT.decode()
    if note:
        tags.get_ifd(0x8769)[0x927C] = note
    if gps:
        tags.get_ifd(0x8825).update(GPS)
    return tags


def xmp(attributes=b"", elements=b"") -> bytes:
    return (
        b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF><rdf:Description rdf:about=""'
        + attributes
        + b"><dc:creator>Ansel Adams</dc:creator>"
        + elements
        + b"</rdf:Description></rdf:RDF></x:xmpmeta>"
    )


XMP = xmp(PROPERTIES["attribute"], ELEMENTS["element"])


def segment(marker: int, body: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body


def iptc(*fields: tuple[int, bytes]) -> bytes:
    sets = b"".join(struct.pack(">BBBH", 28, 2, tag, len(w)) + w for tag, w in fields)
    padded = sets + b"\0" * (len(sets) % 2)
    return b"Photoshop 3.0\x008BIM\x04\x04\0\0" + struct.pack(">I", len(sets)) + padded


def jpeg_with(*segments: bytes, behind=b"", **options) -> bytes:
    content = encoded(picture(90, 60), "JPEG", **options)
    return content[:2] + b"".join(segments) + content[2:] + behind


def png_text(keyword: str, words: bytes, *, packed=False) -> bytes:
    info = PngInfo()
    info.add_itxt(keyword, words.decode(), zip=packed)
    return encoded(picture(90, 60), "PNG", pnginfo=info)


def gif_with_xmp(packet: bytes) -> bytes:
    content = encoded(picture(90, 60), "GIF")
    trailer = b"\1" + bytes(range(255, -1, -1)) + b"\0"
    block = b"\x21\xff\x0bXMP DataXMP" + packet + trailer
    return content[:-1] + block + content[-1:]


def geotiff() -> bytes:
    tags = {33550: (1.0, 1.0, 0.0), 33922: (0.0, 0.0, 0.0, 3.74, 47.46, 0.0)}
    directory = ImageFileDirectory_v2()
    for tag, values in tags.items():
        directory.tagtype[tag] = 12
        directory[tag] = values
    return encoded(picture(90, 60), "TIFF", tiffinfo=directory)


def located() -> dict[str, bytes]:
    """By the way in which each of them says where it was taken."""
    photo = picture(90, 60)
    inner = encoded(photo, "JPEG", exif=exif())
    film = b"\0\0\0\x18ftypmp42" + b"\0" * 16 + b"\xa9xyz\0\x12+47.4663+003.7487/"
    files = {
        f"{name} EXIF": encoded(photo, name, exif=exif())
        for name in ("JPEG", "PNG", "WEBP", "HEIF", "AVIF")
    }
    files["TIFF EXIF"] = encoded(photo, "TIFF", exif=exif().tobytes())
    files |= {
        f"{name} XMP": encoded(photo, name, xmp=XMP)
        for name in ("JPEG", "WEBP", "HEIF", "AVIF")
    }
    for name, words in PROPERTIES.items():
        files[f"JPEG XMP {name}"] = encoded(photo, "JPEG", xmp=xmp(words))
    for name, words in ELEMENTS.items():
        files[f"JPEG XMP {name}"] = encoded(photo, "JPEG", xmp=xmp(b"", words))
    return files | {
        "JPEG IPTC": jpeg_with(segment(0xED, iptc((80, KEPT), (90, PLACE)))),
        "JPEG long XMP": jpeg_with(
            segment(0xE1, b"http://ns.adobe.com/xmp/extension/\0" + b"0" * 40 + XMP)
        ),
        "JPEG within a JPEG": jpeg_with(behind=inner),
        "JPEG within Photoshop's block": jpeg_with(
            segment(0xED, thumbnail_block(inner))
        ),
        "film behind a JPEG": jpeg_with(behind=film),
        "unknown segment": jpeg_with(segment(0xE7, b"latitude=47.4663")),
        "PNG XMP": png_text("XML:com.adobe.xmp", XMP),
        "PNG words": png_text("Comment", b"latitude 47.4663"),
        "GIF XMP": gif_with_xmp(XMP),
        "GeoTIFF": geotiff(),
    }


def thumbnail_block(inner: bytes) -> bytes:
    body = b"\0" * 28 + inner
    return b"Photoshop 3.0\x008BIM\x04\x0c\0\0" + struct.pack(">I", len(body)) + body


def opened(content: bytes) -> Image.Image:
    return Image.open(io.BytesIO(content))
