"""ICC profiles for tests, written by hand: as cameras and printers have them."""

import struct
from functools import cache

# Red, green, blue and white of each, as CIE xy. Apple's P3 and Adobe's RGB.
DISPLAY_P3 = ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060), (0.3127, 0.3290))
ADOBE_RGB = ((0.640, 0.330), (0.210, 0.710), (0.150, 0.060), (0.3127, 0.3290))
# From D65 to D50, which profiles refer to (Bradford).
TO_D50 = (
    (1.0478112, 0.0228866, -0.0501270),
    (0.0295424, 0.9904844, -0.0170491),
    (-0.0092345, 0.0150436, 0.7521316),
)


def matrix_profile(primaries, *, gamma: float) -> bytes:
    """Of these primaries, as cameras embed them."""
    curve = b"curv\0\0\0\0" + struct.pack(">IH", 1, round(gamma * 256)) + b"\0\0"
    names = (b"rXYZ", b"gXYZ", b"bXYZ")
    points = (xyz(*column) for column in columns(primaries))
    tags = dict(zip(names, points, strict=True))
    tags |= dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), curve)
    return profile_of(tags, name="Test primaries", space=b"RGB ", kind=b"mntr")


def grey_profile() -> bytes:
    """Of a scanner whose greys are light itself, without a curve."""
    tags = {b"kTRC": b"curv\0\0\0\0" + struct.pack(">I", 0)}
    return profile_of(tags, name="Linear grey", space=b"GRAY", kind=b"mntr")


@cache
def cmyk_profile() -> bytes:
    """Of a printer whose inks are dull, as a table of Lab for 16 mixtures."""
    tags = dict.fromkeys((b"A2B0", b"A2B1"), dull_inks())
    profile = profile_of(tags, name="Dull inks", space=b"CMYK", kind=b"prtr")
    return profile[:20] + b"Lab " + profile[24:]


def dull_inks() -> bytes:
    """lut8: 4 inks in, Lab out, 2 steps an ink."""
    head = b"mft1\0\0\0\0" + bytes([4, 3, 2, 0])
    head += struct.pack(">9i", 65536, 0, 0, 0, 65536, 0, 0, 0, 65536)
    straight = bytes(range(256))
    grid = b""
    for number in range(16):
        cyan, magenta, yellow, black = (number >> bit & 1 for bit in (3, 2, 1, 0))
        light = max(0, 242 - 60 * cyan - 70 * magenta - 15 * yellow - 190 * black)
        red_green = 128 - 25 * cyan + 45 * magenta
        yellow_blue = 128 - 30 * cyan + 55 * yellow
        grid += bytes([light, red_green, yellow_blue])
    return head + straight * 4 + grid + straight * 3


def profile_of(tags, *, name, space, kind) -> bytes:
    tags = {
        b"desc": description(name),
        b"wtpt": xyz(0.9642, 1.0, 0.8249),
        b"cprt": b"text\0\0\0\0none\0",
    } | tags
    offset = 128 + 4 + 12 * len(tags)
    table, bodies = struct.pack(">I", len(tags)), b""
    for tag, body in tags.items():
        body += b"\0" * (-len(body) % 4)
        table += tag + struct.pack(">II", offset + len(bodies), len(body))
        bodies += body
    head = struct.pack(
        ">I4sI4s4s4s", offset + len(bodies), b"\0" * 4, 0x02200000, kind, space, b"XYZ "
    )
    head += b"\0" * 12 + b"acsp" + b"\0" * 28 + struct.pack(">III", 63190, 65536, 54061)
    return head.ljust(128, b"\0") + table + bodies


def description(text: str) -> bytes:
    ascii_text = text.encode() + b"\0"
    return (
        b"desc\0\0\0\0" + struct.pack(">I", len(ascii_text)) + ascii_text + b"\0" * 78
    )


def xyz(*values) -> bytes:
    return b"XYZ \0\0\0\0" + struct.pack(">3i", *(round(v * 65536) for v in values))


def columns(primaries):
    """X, Y, Z of each primary, so scaled that together they are D50's white."""
    *points, white = [(x / y, 1.0, (1 - x - y) / y) for x, y in primaries]
    scales = solved([[p[row] for p in points] for row in range(3)], white)
    return [
        [sum(TO_D50[row][i] * point[i] * scale for i in range(3)) for row in range(3)]
        for point, scale in zip(points, scales, strict=True)
    ]


def solved(rows, right):
    """Cramer's rule, for three equations."""

    def det(m):
        return (
            m[0][0] * (m[1][1] * m[2][2] - m[1][2] * m[2][1])
            - m[0][1] * (m[1][0] * m[2][2] - m[1][2] * m[2][0])
            + m[0][2] * (m[1][0] * m[2][1] - m[1][1] * m[2][0])
        )

    return [
        det([[right[r] if c == k else rows[r][c] for c in range(3)] for r in range(3)])
        / det(rows)
        for k in range(3)
    ]
