"""Draws photos for the tests and the screenshots: mountains, in another light each."""

import io
import math
import random
from dataclasses import dataclass
from functools import cache

from PIL import Image, ImageDraw, ImageFilter

Colour = tuple[int, int, int]


@dataclass(frozen=True)
class Light:
    """Top and bottom of the sky, the ridges from far to near, and the sun."""

    sky: tuple[str, str]
    ridges: tuple[str, str]
    sun: str
    sun_at: tuple[float, float]


LIGHTS = (
    Light(("#2b5876", "#f7d9b0"), ("#b48a78", "#2a2c3f"), "#fff3d6", (0.68, 0.42)),
    Light(("#5aa2e0", "#e4f2fb"), ("#a9c6d6", "#1f4a3c"), "#ffffff", (0.22, 0.2)),
    Light(("#1b1b3a", "#e86f51"), ("#a34a5a", "#160f24"), "#ffd9a0", (0.5, 0.55)),
    Light(("#89b6b0", "#f5efdc"), ("#b9c9b4", "#34553f"), "#fffbe8", (0.8, 0.3)),
    Light(("#0d1b2a", "#415a77"), ("#53708f", "#0a121c"), "#f4f1de", (0.3, 0.22)),
    Light(("#e8a9b4", "#fdeee0"), ("#c9a0ae", "#4d3a55"), "#fff8ee", (0.42, 0.46)),
    Light(("#3b8ea5", "#f5ee9e"), ("#8fb09a", "#22414a"), "#fffce0", (0.6, 0.38)),
    Light(("#8d99ae", "#edf2f4"), ("#b4bdca", "#2b2d42"), "#ffffff", (0.75, 0.25)),
)
# Width by height, as cameras and phones make them.
SHAPES = ((1500, 1000), (1000, 1333), (1600, 900), (1200, 1200), (1500, 1000))


@cache
def landscape(number: int, *, scale: float = 1.0) -> bytes:
    """Photo `number` as a JPEG: always the same bytes, for each number others."""
    width, height = (round(side * scale) for side in SHAPES[number % len(SHAPES)])
    light = LIGHTS[number % len(LIGHTS)]
    dice = random.Random(number)
    image = gradient((width, height), rgb(light.sky[0]), rgb(light.sky[1]))
    image = with_sun(image, light)
    for layer in range(5):
        depth = layer / 4
        colour = mixed(rgb(light.ridges[0]), rgb(light.ridges[1]), depth)
        image = with_ridge(image, colour=colour, depth=depth, dice=dice)
    return jpeg(image.filter(ImageFilter.GaussianBlur(0.6)))


def jpeg(image: Image.Image, *, quality: int = 88) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=quality)
    return buffer.getvalue()


def gradient(size: tuple[int, int], top: Colour, bottom: Colour) -> Image.Image:
    mask = Image.linear_gradient("L").resize(size)
    return Image.composite(
        Image.new("RGB", size, bottom), Image.new("RGB", size, top), mask
    )


def with_sun(image: Image.Image, light: Light) -> Image.Image:
    width, height = image.size
    x, y = light.sun_at[0] * width, light.sun_at[1] * height
    glow = Image.new("L", image.size, 0)
    draw = ImageDraw.Draw(glow)
    radius = min(width, height) * 0.055
    for times, brightness in ((5.0, 40), (3.0, 70)):
        draw.circle((x, y), radius * times, fill=brightness)
    glow = glow.filter(ImageFilter.GaussianBlur(radius * 1.4))
    ImageDraw.Draw(glow).circle((x, y), radius, fill=245)
    glow = glow.filter(ImageFilter.GaussianBlur(2))
    sun = Image.new("RGB", image.size, rgb(light.sun))
    return Image.composite(sun, image, glow)


def with_ridge(
    image: Image.Image, *, colour: Colour, depth: float, dice: random.Random
) -> Image.Image:
    """A range of mountains; near ones (`depth` towards 1) are lower and smoother."""
    width, height = image.size
    base = height * (0.5 + 0.4 * depth)
    rise = height * (0.17 - 0.09 * depth)
    waves = [(2**n, dice.uniform(0, math.tau), 0.56**n) for n in range(7)]
    step = max(1, width // 400)
    outline = [
        (x, base - rise * sum(a * peak(f * 3 * x / width + p) for f, p, a in waves))
        for x in range(0, width + step, step)
    ]
    mask = Image.new("L", image.size, 0)
    ImageDraw.Draw(mask).polygon([(0, height), *outline, (width, height)], fill=255)
    haze = mixed(colour, (235, 232, 226), 0.3 * (1 - depth))
    return Image.composite(gradient(image.size, colour, haze), image, mask)


def peak(angle: float) -> float:
    """Like a sine, but with crests sharper than its valleys."""
    return 1 - 2 * abs(math.sin(angle / 2))


def rgb(code: str) -> Colour:
    return int(code[1:3], 16), int(code[3:5], 16), int(code[5:7], 16)


def mixed(one: Colour, other: Colour, share: float) -> Colour:
    red, green, blue = (
        round(a + (b - a) * share) for a, b in zip(one, other, strict=True)
    )
    return red, green, blue
