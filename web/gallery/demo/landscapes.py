"""Draws landscapes that look like photos: no two alike, always the same ones."""

import math
import random
from dataclasses import dataclass
from functools import cache

from PIL import Image, ImageChops, ImageDraw, ImageFilter

Colour = tuple[int, int, int]
Size = tuple[int, int]


@dataclass(frozen=True)
class Light:
    """Top and bottom of the sky, the land from far to near, the sun or the moon."""

    sky: tuple[str, str]
    land: tuple[str, str]
    sun: str
    sun_at: tuple[float, float]
    is_night: bool = False


DAWN = Light(("#2b5876", "#f7d9b0"), ("#b48a78", "#2a2c3f"), "#fff3d6", (0.68, 0.42))
NOON = Light(("#3f8fd8", "#e4f2fb"), ("#a9c6d6", "#1f4a3c"), "#ffffff", (0.22, 0.18))
DUSK = Light(("#1b1b3a", "#e86f51"), ("#a34a5a", "#160f24"), "#ffd9a0", (0.5, 0.5))
MIST = Light(("#89b6b0", "#f5efdc"), ("#b9c9b4", "#34553f"), "#fffbe8", (0.8, 0.3))
ROSE = Light(("#e8a9b4", "#fdeee0"), ("#c9a0ae", "#4d3a55"), "#fff8ee", (0.42, 0.42))
GOLD = Light(("#c9763a", "#fbe7b2"), ("#d9a05b", "#3b2a20"), "#fff6d0", (0.62, 0.36))
NIGHT = Light(
    ("#060b18", "#33496b"), ("#3b5372", "#070b14"), "#f4f1de", (0.3, 0.2), True
)
SNOW = Light(("#7fa6cf", "#f3f6fa"), ("#dfe8f2", "#6d86a3"), "#ffffff", (0.72, 0.24))
LIGHTS = {
    "dawn": DAWN,
    "noon": NOON,
    "dusk": DUSK,
    "mist": MIST,
    "rose": ROSE,
    "gold": GOLD,
    "night": NIGHT,
    "snow": SNOW,
}


def landscape(kind: str, light: Light, *, size: Size, seed: int) -> Image.Image:
    """kind: mountains, lake, sea, forest or dunes."""
    dice = random.Random(f"{kind}{seed}")
    image = sky(size, light, dice)
    image = {
        "mountains": mountains,
        "lake": lake,
        "sea": sea,
        "forest": forest,
        "dunes": dunes,
    }[kind](image, light, dice)
    return grained(image)


def sky(size: Size, light: Light, dice: random.Random) -> Image.Image:
    image = gradient(size, rgb(light.sky[0]), rgb(light.sky[1]))
    image = with_stars(image, dice) if light.is_night else with_clouds(image, dice)
    return with_sun(image, light, shift=dice.uniform(-0.12, 0.12))


def gradient(size: Size, top: Colour, bottom: Colour) -> Image.Image:
    mask = Image.linear_gradient("L").resize(size)
    return Image.composite(
        Image.new("RGB", size, bottom), Image.new("RGB", size, top), mask
    )


def with_stars(image: Image.Image, dice: random.Random) -> Image.Image:
    draw = ImageDraw.Draw(image)
    for _number in range(260):
        x = dice.uniform(0, image.width)
        y = dice.uniform(0, image.height * 0.6)
        level = dice.randint(120, 250)
        radius = image.width / 1500 * dice.choice((0.5, 0.7, 1.1))
        draw.circle((x, y), radius, fill=(level, level, min(255, level + 12)))
    return image


def with_clouds(image: Image.Image, dice: random.Random) -> Image.Image:
    """Streaks of soft light in the upper half, more of them on some days."""
    size = (image.width // 4, image.height // 4)
    veil = Image.new("L", size, 0)
    for cells in (4, 9, 17):
        small = Image.new("L", (cells, cells * 2))
        small.putdata([dice.randint(0, 255) for _ in range(cells * cells * 2)])
        veil = Image.blend(veil, small.resize(size, Image.Resampling.BICUBIC), 0.45)
    threshold, strength = dice.randint(110, 145), dice.uniform(0.9, 2.2)
    veil = veil.point(lambda value: min(170, max(0, (value - threshold) * strength)))
    fading = Image.linear_gradient("L").resize(size).point(lambda v: 255 - v)
    veil = ImageChops.multiply(veil, fading).filter(ImageFilter.BoxBlur(2))
    white = Image.new("RGB", image.size, (255, 252, 246))
    return Image.composite(white, image, veil.resize(image.size))


def with_sun(image: Image.Image, light: Light, *, shift: float) -> Image.Image:
    width, height = image.size
    centre = ((light.sun_at[0] + shift) * width, light.sun_at[1] * height)
    radius = min(width, height) * (0.035 if light.is_night else 0.05)
    # The glow is soft: drawn at an eighth, it is the same and costs little.
    glow = Image.new("L", (width // 8, height // 8), 0)
    draw = ImageDraw.Draw(glow)
    for times, brightness in ((6.0, 36), (3.2, 80)):
        draw.circle([side / 8 for side in centre], radius * times / 8, fill=brightness)
    glow = glow.filter(ImageFilter.GaussianBlur(radius / 5)).resize(image.size)
    ImageDraw.Draw(glow).circle(centre, radius, fill=248)
    glow = glow.filter(ImageFilter.BoxBlur(2))
    return Image.composite(Image.new("RGB", image.size, rgb(light.sun)), image, glow)


def mountains(image: Image.Image, light: Light, dice: random.Random) -> Image.Image:
    for layer in range(5):
        depth = layer / 4
        colour = mixed(rgb(light.land[0]), rgb(light.land[1]), depth)
        line = ridge(
            image.size, base=0.5 + 0.4 * depth, rise=0.17 - 0.09 * depth, dice=dice
        )
        image = with_land(image, line, colour, haze=0.35 * (1 - depth))
    return image


def lake(image: Image.Image, light: Light, dice: random.Random) -> Image.Image:
    """The upper part once more upside down, a little darker, broken by the wind."""
    for layer in range(3):
        depth = layer / 2
        colour = mixed(rgb(light.land[0]), rgb(light.land[1]), depth * 0.8)
        line = ridge(image.size, base=0.42 + 0.14 * depth, rise=0.13, dice=dice)
        image = with_land(image, line, colour, haze=0.4 * (1 - depth))
    shore = round(image.height * 0.6)
    above = image.crop((0, max(0, 2 * shore - image.height), image.width, shore))
    water = above.transpose(Image.Transpose.FLIP_TOP_BOTTOM)
    water = water.resize((image.width, image.height - shore))
    deep = Image.new("RGB", water.size, mixed(rgb(light.land[1]), (20, 40, 60), 0.4))
    water = Image.blend(rippled(water, dice), deep, 0.25)
    image.paste(water, (0, shore))
    return image


def rippled(water: Image.Image, dice: random.Random) -> Image.Image:
    """Each row moved sideways, the near ones further."""
    result = water.copy()
    phase = dice.uniform(0, math.tau)
    for y in range(0, water.height, 2):
        near = y / water.height
        wave = math.sin(phase + 260 * near**0.6) + 0.5 * math.sin(900 * near)
        shift = round(wave * water.width * 0.004 * (0.2 + near))
        row = water.crop((0, y, water.width, y + 2))
        result.paste(ImageChops.offset(row, shift, 0), (0, y))
    return result.filter(ImageFilter.BoxBlur((water.width / 400, 0.5)))


def sea(image: Image.Image, light: Light, dice: random.Random) -> Image.Image:
    horizon = round(image.height * dice.uniform(0.52, 0.6))
    size = (image.width, image.height - horizon)
    far = mixed(rgb(light.sky[1]), rgb(light.land[1]), 0.35)
    water = gradient(size, far, mixed(rgb(light.land[1]), rgb(light.sky[0]), 0.45))
    draw = ImageDraw.Draw(water)
    sun = light.sun_at[0] * image.width
    for _number in range(900):
        near = dice.random() ** 1.6
        y = near * size[1]
        length = image.width * (0.004 + 0.03 * near) * dice.uniform(0.4, 1)
        x = dice.gauss(sun, image.width * (0.03 + 0.09 * near))
        if dice.random() < 0.55:
            x = dice.uniform(0, image.width)
        bright = abs(x - sun) < image.width * 0.14
        at = water.getpixel(
            (min(size[0] - 1, max(0, int(x))), min(size[1] - 1, int(y)))
        )
        tone = mixed(
            at, rgb(light.sun) if bright else (255, 255, 255), 0.5 if bright else 0.1
        )
        draw.ellipse((x, y, x + length, y + max(1, length * 0.07)), fill=tone)
    image.paste(water.filter(ImageFilter.BoxBlur(0.8)), (0, horizon))
    line = ridge(image.size, base=1.06, rise=0.1, dice=dice)
    return with_land(image, line, mixed(rgb(light.land[1]), (0, 0, 0), 0.3), haze=0)


def forest(image: Image.Image, light: Light, dice: random.Random) -> Image.Image:
    """Hills, each with its edge of firs; those in front are larger and darker."""
    for layer in range(4):
        depth = layer / 3
        colour = mixed(rgb(light.land[0]), rgb(light.land[1]), 0.2 + 0.8 * depth)
        line = ridge(image.size, base=0.52 + 0.36 * depth, rise=0.06, dice=dice)
        image = with_land(
            image,
            [*firs(line, 0.03 + 0.1 * depth**1.5, image.size, dice)],
            colour,
            haze=0.3 * (1 - depth),
        )
    return image


def firs(line, height: float, size: Size, dice: random.Random):
    """The outline of a hill as trees stand on it."""
    width = size[1] * height * 0.36
    x = -width
    while x < size[0] + width:
        ground = line[min(len(line) - 1, max(0, round(x / size[0] * (len(line) - 1))))][
            1
        ]
        tall = size[1] * height * dice.uniform(0.55, 1.1)
        for step in range(4):  # four boughs to the top, and down again
            part = step / 4
            yield x - width / 2 * (1 - part), ground - tall * part * 0.8
            yield x - width / 4 * (1 - part), ground - tall * (part + 0.22) * 0.8
        yield x, ground - tall
        for step in reversed(range(4)):
            part = step / 4
            yield x + width / 4 * (1 - part), ground - tall * (part + 0.22) * 0.8
            yield x + width / 2 * (1 - part), ground - tall * part * 0.8
        x += width * dice.uniform(0.55, 1.0)


def dunes(image: Image.Image, light: Light, dice: random.Random) -> Image.Image:
    for layer in range(4):
        depth = layer / 3
        colour = mixed(rgb(light.land[0]), rgb(light.land[1]), depth * 0.75)
        wave, phase = dice.uniform(0.6, 1.3), dice.uniform(0, math.tau)
        base, rise = 0.55 + 0.33 * depth, 0.1 - 0.04 * depth
        line = [
            (
                x,
                image.height
                * (base - rise * math.sin(wave * math.tau * x / image.width + phase)),
            )
            for x in range(0, image.width + 8, 8)
        ]
        image = with_land(image, line, colour, haze=0.4 - 0.3 * depth)
    return image


def ridge(size: Size, *, base: float, rise: float, dice: random.Random):
    """The outline of a range of mountains, from left to right."""
    width, height = size
    waves = [(2**n, dice.uniform(0, math.tau), 0.56**n) for n in range(7)]
    step = max(1, width // 400)
    return [
        (
            x,
            height * base
            - height * rise * sum(a * peak(f * 3 * x / width + p) for f, p, a in waves),
        )
        for x in range(0, width + step, step)
    ]


def peak(angle: float) -> float:
    """Like a sine, but with crests sharper than its valleys."""
    return 1 - 2 * abs(math.sin(angle / 2))


def with_land(image: Image.Image, line, colour: Colour, *, haze: float) -> Image.Image:
    """Everything below `line` in `colour`, which pales towards the ground."""
    width, height = image.size
    mask = Image.new("L", image.size, 0)
    ImageDraw.Draw(mask).polygon([(0, height), *line, (width, height)], fill=255)
    pale = mixed(colour, (238, 232, 222), haze)
    return Image.composite(gradient(image.size, colour, pale), image, mask)


@cache
def grain_tile() -> Image.Image:
    dice = random.Random(1839)
    tile = Image.new("L", (256, 256))
    tile.putdata([128 + round(dice.gauss(0, 9)) for _ in range(256 * 256)])
    return tile


def grained(image: Image.Image) -> Image.Image:
    """A little grain and darker corners, as a lens and a sensor leave them."""
    tile = grain_tile()
    grain = Image.new("L", image.size)
    for x in range(0, image.width, tile.width):
        for y in range(0, image.height, tile.height):
            grain.paste(tile, (x, y))
    image = image.filter(ImageFilter.BoxBlur(0.6))
    image = Image.blend(image, grain.convert("RGB"), 0.02)
    corners = Image.radial_gradient("L").resize(image.size).point(lambda v: v * 0.14)
    return Image.composite(Image.new("RGB", image.size, (8, 8, 14)), image, corners)


def rgb(code: str) -> Colour:
    return int(code[1:3], 16), int(code[3:5], 16), int(code[5:7], 16)


def mixed(one, other, share: float) -> Colour:
    red, green, blue = (
        round(a + (b - a) * share) for a, b in zip(one, other, strict=True)
    )
    return red, green, blue
