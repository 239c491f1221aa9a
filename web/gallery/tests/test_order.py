"""Photos of one second stand in one order: in page, API and zip, in each gallery."""

import importlib
import random
from datetime import UTC, datetime, timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.utils import timezone
from PIL import Image

from gallery.models import Gallery, Photo, new_position
from gallery.packing import entries_of
from gallery.photo_import import accept_uploads
from gallery.tests.people import ready_row
from gallery.tests.photos import encoded, picture

pytestmark = pytest.mark.django_db
MOMENT = datetime(2026, 7, 4, 12, 30, 5, tzinfo=UTC)


def of_one_second(seed: int, *, fraction: str = "") -> bytes:
    tags = Image.Exif()
    inner = tags.get_ifd(0x8769)
    inner[0x9003] = "2026:07:04 12:30:05"
    if fraction:
        inner[0x9291] = fraction
    return encoded(picture(60, 40, seed=seed), "JPEG", exif=tags)


@pytest.mark.parametrize("fraction", ["", "5"])
def test_burst_stands_in_its_order_however_it_was_sent(
    client, photographer, sent, fraction
):
    client.force_login(photographer)
    names = [f"IMG_{number:04}.jpg" for number in range(998, 1004)]
    contents = {
        name: of_one_second(seed, fraction=fraction) for seed, name in enumerate(names)
    }
    if fraction:  # a tenth of a second has room for a thousand
        names = sorted(names, key=lambda name: int(name[4:8]) % 1000)
    for seed in range(3):
        gallery = Gallery.objects.create(name=f"Burst {seed}", owner=photographer)
        mixed = random.Random(seed).sample(names, len(names))
        files = [SimpleUploadedFile(name, contents[name]) for name in mixed]
        accept_uploads(gallery, files, owner=photographer, now=timezone.now())

        listed = client.get(f"/api/galleries/{gallery.slug}/photos/").json()["results"]
        assert [photo["name"] for photo in listed] == names
        packed = entries_of(gallery, with_locations=True)
        assert [entry.name for entry in packed] == names


def test_names_without_numbers_keep_the_order_of_sending():
    places = [
        new_position(
            taken_at=MOMENT,
            uploaded_at=MOMENT + timedelta(milliseconds=10 * n),
            name=name,
        )
        for n, name in enumerate(["z.jpg", "a.jpg", "m.jpg"])
    ]

    assert places == sorted(set(places))


def test_later_second_stays_behind_whatever_the_number():
    early = new_position(taken_at=MOMENT, uploaded_at=MOMENT, name="IMG_99999999.jpg")
    late = new_position(
        taken_at=MOMENT + timedelta(seconds=1), uploaded_at=MOMENT, name="IMG_1.jpg"
    )

    assert early < late


def test_photos_of_before_get_their_order(gallery):
    second = int(MOMENT.timestamp()) * 1_000_000
    for number, name in enumerate(["IMG_0010.jpg", "IMG_9.jpg", "no number.jpg"]):
        ready_row(gallery, number, name=name, position=second, taken_at=MOMENT).save()
    ready_row(gallery, 7, name="IMG_7.jpg", position=5_000_000, taken_at=MOMENT).save()
    migration = importlib.import_module("gallery.migrations.0008_order_within_a_second")

    with connection.cursor() as cursor:
        cursor.execute(migration.FILL)

    places = dict(Photo.objects.values_list("name", "position"))
    assert places == {
        "no number.jpg": second,
        "IMG_9.jpg": second + 9,
        "IMG_0010.jpg": second + 10,
        "IMG_7.jpg": 5_000_000,
    }
