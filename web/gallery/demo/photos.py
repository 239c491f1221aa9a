"""The photos of the demonstration: as cameras and phones would have made them."""

import io
from dataclasses import dataclass
from datetime import datetime, timedelta

import pillow_heif
from PIL import Image

from gallery.demo.landscapes import LIGHTS, landscape

# Long and short side, as cameras and phones make them; small, for there are many.
SHAPES = ((1200, 800), (1120, 840), (1280, 720), (960, 960), (1440, 576))
ENDINGS = {"JPEG": "jpg", "HEIF": "heic", "WEBP": "webp", "AVIF": "avif", "PNG": "png"}
# How the sensor was held: tag, and what turns the picture into what it stored.
HELD = {6: Image.Transpose.ROTATE_90, 8: Image.Transpose.ROTATE_270}
ORIENTATION, MAKE, MODEL, SOFTWARE = 0x0112, 0x010F, 0x0110, 0x0131
EXIF_IFD, TAKEN, OFFSET = 0x8769, 0x9003, 0x9011
EXPOSURE, F_NUMBER, ISO, FOCAL_LENGTH = 0x829A, 0x829D, 0x8827, 0x920A


@dataclass(frozen=True)
class DemoCamera:
    make: str
    model: str
    prefix: str
    format: str = "JPEG"


CAMERAS = (
    DemoCamera("FUJIFILM", "X-T5", "DSCF"),
    DemoCamera("Apple", "iPhone 15 Pro", "IMG_", "HEIF"),
    DemoCamera("Canon", "Canon EOS R8", "IMG_"),
    DemoCamera("NIKON CORPORATION", "NIKON Z 6_2", "DSC_"),
    DemoCamera("Google", "Pixel 9", "PXL_", "AVIF"),
    DemoCamera("SONY", "ILCE-7CM2", "DSC0"),
    DemoCamera("OM Digital Solutions", "OM-5", "P719", "WEBP"),
)
UPRIGHT_EVERY = 4


@dataclass(frozen=True)
class DemoPhoto:
    """Number `number` of all, `taken` at the local time of an event."""

    number: int
    kind: str
    light: str
    taken: datetime
    caption: str = ""

    @property
    def camera(self) -> DemoCamera:
        return CAMERAS[self.number % len(CAMERAS)]

    @property
    def name(self) -> str:
        camera = self.camera
        return f"{camera.prefix}{2041 + 7 * self.number}.{ENDINGS[camera.format]}"

    def content(self) -> bytes:
        """The file, drawn anew each time."""
        pillow_heif.register_heif_opener()
        long, short = SHAPES[self.number % len(SHAPES)]
        is_upright = self.number % UPRIGHT_EVERY == 1
        size = (short, long) if is_upright else (long, short)
        image = landscape(self.kind, LIGHTS[self.light], size=size, seed=self.number)
        held = (6, 8)[self.number // UPRIGHT_EVERY % 2] if is_upright else 1
        if held in HELD:
            image = image.transpose(HELD[held])
        buffer = io.BytesIO()
        options = {"quality": 60, "speed": 9} if self.camera.format == "AVIF" else {}
        exif = exif_block(self, held=held)
        image.save(
            buffer, self.camera.format, **{"quality": 88, **options, "exif": exif}
        )
        return buffer.getvalue()


def exif_block(photo: DemoPhoto, *, held: int) -> bytes:
    exif = Image.Exif()
    exif[MAKE], exif[MODEL] = photo.camera.make, photo.camera.model
    exif[ORIENTATION], exif[SOFTWARE] = held, "Drawn for demonstration"
    inner = exif.get_ifd(EXIF_IFD)
    inner[TAKEN], inner[OFFSET] = f"{photo.taken:%Y:%m:%d %H:%M:%S}", "+02:00"
    inner[EXPOSURE], inner[F_NUMBER] = 1 / (125 * (1 + photo.number % 4)), 5.6
    inner[ISO], inner[FOCAL_LENGTH] = 100 * (1 + photo.number % 3), 23.0
    return exif.tobytes()


def photos_of(
    kinds: tuple[str, ...],
    lights: tuple[str, ...],
    *,
    count: int,
    first: int,
    begins: datetime,
    captions: tuple[str, ...],
) -> list[DemoPhoto]:
    """`count` photos of one event, some of them with a caption."""
    return [
        DemoPhoto(
            number=first + n,
            kind=kinds[n % len(kinds)],
            light=lights[n // 2 % len(lights)],
            taken=begins + timedelta(minutes=37 * n, seconds=11 * n),
            caption=captions[n // 3] if n % 3 == 0 and n // 3 < len(captions) else "",
        )
        for n in range(count)
    ]
