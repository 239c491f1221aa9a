"""
How fast photos get ready: intake, broker, one worker process, database, storage.

The peer is Pillow alone: the same photos, the same renditions, in a plain loop. What
a Django project does without `draft` and with one decoding a rendition is measured too,
and libvips, the quickest of its kind, as the reference of what can be had.
"""

import argparse
import io
import logging
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageOps

sys.path.insert(0, str(Path.cwd()))
os.environ.setdefault("VIPS_CONCURRENCY", "1")  # read when libvips is loaded

from measuring import figure  # noqa: E402

from socle.embedded.testing import running_services  # noqa: E402

WIDTH, HEIGHT = 4000, 3000


def make_photos(count: int) -> list[bytes]:
    """JPEGs of 12 megapixels and about 2.5 MB each, no two alike."""
    photos = []
    for number in range(count):
        # Clouds at several scales and a little grain: about as hard to encode as a
        # photo from a phone.
        image = Image.new("RGB", (WIDTH, HEIGHT), (90, 120, 150))
        for cells, strength in ((8, 0.5), (40, 0.35), (200, 0.25), (1000, 0.12)):
            noise = Image.effect_noise((cells, cells * 3 // 4), 90).convert("RGB")
            layer = noise.resize((WIDTH, HEIGHT), Image.Resampling.BICUBIC)
            image = Image.blend(image, layer, strength)
        image.paste((number % 256, 90, 160), (0, 0, 400, 300))
        buffer = io.BytesIO()
        image.save(buffer, "JPEG", quality=93)
        photos.append(buffer.getvalue())
    return photos


def pillow_alone(photos: list[bytes]) -> tuple[float, float]:
    """Wall and CPU seconds for the same renditions without anything around them."""
    from gallery.images import draw_renditions

    started, worked = time.monotonic(), time.process_time()
    for photo in photos:
        draw_renditions(io.BytesIO(photo))
    return time.monotonic() - started, time.process_time() - worked


def by_libvips(photos: list[bytes]) -> float:
    """Seconds for the two renditions by libvips, on one processor: what can be had."""
    import pyvips

    logging.getLogger("pyvips").setLevel(logging.WARNING)
    started = time.monotonic()
    for photo in photos:
        preview = pyvips.Image.thumbnail_buffer(photo, 1600, height=1600)
        preview = preview.copy_memory()
        thumbnail = preview.thumbnail_image(400, height=400)
        for image in (preview, thumbnail):
            image.webpsave_buffer(Q=80, effort=2, keep="none")
    return time.monotonic() - started


def the_usual_way(photos: list[bytes]) -> float:
    """Seconds when each rendition opens and decodes the whole original."""
    started = time.monotonic()
    for photo in photos:
        for size in (1600, 400):
            image = Image.open(io.BytesIO(photo))
            image.load()
            image = ImageOps.exif_transpose(image)
            image.thumbnail((size, size))
            image.save(io.BytesIO(), "WEBP", quality=80)
    return time.monotonic() - started


@dataclass(frozen=True)
class Drawn:
    """The pipeline's figures; seconds are for all photos."""

    intake_seconds: float
    wall_seconds: float
    cpu_seconds: float
    peak_megabytes: float


def through_the_pipeline(photos: list[bytes], *, processes: int) -> Drawn:
    from django.core.files.uploadedfile import SimpleUploadedFile
    from django.utils import timezone

    from accounts.models import User
    from gallery.models import Gallery, Photo
    from gallery.photo_import import accept_uploads

    owner, _ = User.objects.get_or_create(email="bench@example.com")
    gallery = Gallery.objects.create(name="Bench", owner=owner)
    mine = Photo.objects.filter(gallery=gallery)
    files = [SimpleUploadedFile(f"{n}.jpg", data) for n, data in enumerate(photos)]
    started = time.monotonic()
    results = accept_uploads(gallery, files, owner=owner, now=timezone.now())
    intake_seconds = time.monotonic() - started
    assert all(result.status == "accepted" for result in results)

    worker = subprocess.Popen(
        [sys.executable, "-m", "celery", "--app=config", "worker", "--queues=images"]
        + [f"--concurrency={processes}", "--without-gossip"],
        stderr=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
    )
    try:
        while not mine.filter(state="ready").exists():
            time.sleep(0.01)
        started = time.monotonic()  # the worker's own start is not counted
        before = mine.filter(state="ready").count()
        worked = cpu_seconds(worker.pid)
        peak = 0.0
        while mine.unfinished().exists():
            time.sleep(0.05)
            peak = max(peak, peak_megabytes(worker.pid))
        wall_seconds = time.monotonic() - started
        worked = cpu_seconds(worker.pid) - worked
    finally:
        worker.terminate()
        worker.wait()
    assert mine.filter(state="ready").count() == len(photos)
    all_of_them = len(photos) / (len(photos) - before)  # the first was done before
    return Drawn(intake_seconds, wall_seconds * all_of_them, worked * all_of_them, peak)


def processes_of(pid: int) -> list[str]:
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [str(pid), *children]


def cpu_seconds(pid: int) -> float:
    """User and system time of the worker's processes so far."""
    ticks = 0
    for process in processes_of(pid):
        fields = Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def peak_megabytes(pid: int) -> float:
    """The peak resident size of the largest process of the worker, in MB."""
    return max(
        int(line.split()[1]) / 1024
        for process in processes_of(pid)
        for line in Path(f"/proc/{process}/status").read_text().splitlines()
        if line.startswith("VmHWM")
    )


def run(count: int) -> None:
    photos = make_photos(count)
    megabytes = sum(map(len, photos)) / count / 1e6
    alone, alone_cpu = pillow_alone(photos)
    usual = the_usual_way(photos)
    vips = by_libvips(photos)
    ours = through_the_pipeline(photos, processes=1)
    cores = os.cpu_count() or 1
    wide = through_the_pipeline(photos, processes=cores)
    drawing = ours.wall_seconds
    outside = 1 - alone_cpu / ours.cpu_seconds
    sys.stdout.write(
        f"{count} photos of {WIDTH} × {HEIGHT}, {megabytes:.1f} MB each, one worker\n"
        f"  intake              {count / ours.intake_seconds:8.1f} photos/s\n"
        f"  worker, whole       {count / drawing:8.2f} photos/s\n"
        f"  Pillow alone        {count / alone:8.2f} photos/s\n"
        f"  the usual way       {count / usual:8.2f} photos/s\n"
        f"  libvips alone       {count / vips:8.2f} photos/s\n"
        f"  {cores} processes         {count / wide.wall_seconds:8.2f} photos/s\n"
        f"  outside Pillow      {outside:8.1%} of the worker's CPU time\n"
        f"  worker's peak       {ours.peak_megabytes:8.0f} MB\n"
    )
    one = count / drawing
    for name, rate, peer, other, aim in (
        ("drawing, by CPU", count / ours.cpu_seconds, "Pillow alone", alone_cpu, 0.9),
        ("drawing, one process", one, "Pillow alone", alone, None),
        ("drawing, one process", one, "libvips alone", vips, None),
        ("drawing, one process", one, "decoding whole, twice", usual, 2.0),
        (
            f"a zip's photos, {cores} processes",
            count / wide.wall_seconds,
            "decoding whole, twice, in one task",
            usual,
            2.0,
        ),
    ):
        figure(
            name,
            ours=rate,
            peer=peer,
            theirs=count / other,
            unit="photos/s",
            aim=aim,
            better="higher",
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="12 photos, not 100")
    arguments = parser.parse_args()
    with (
        tempfile.TemporaryDirectory(prefix="socle-bench-") as folder,
        running_services(Path(folder)) as environment,
    ):
        os.environ.update(environment, DJANGO_SETTINGS_MODULE="config.settings")
        import django
        from django.core.management import call_command

        django.setup()
        call_command("migrate_site", verbosity=0)
        run(12 if arguments.quick else 100)


if __name__ == "__main__":
    main()
