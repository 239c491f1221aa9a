import pytest

from gallery.metrics import collect
from gallery.models import Photo, Upload
from socle.core.tests.numbers import samples

pytestmark = pytest.mark.django_db


def test_photos_are_counted_by_state_also_where_there_are_none(gallery):
    for number in range(3):
        state = "ready" if number else "failed"
        Photo.objects.create(
            gallery=gallery,
            owner=gallery.owner,
            name=f"{number}.jpg",
            sha256=f"{number}",
            size_bytes=1,
            width=1,
            height=1,
            state=state,
        )
    found = samples(collect)

    assert found["gallery_photos", "ready"] == 2
    assert found["gallery_photos", "failed"] == 1
    assert found["gallery_photos", "waiting"] == 0


def test_uploads_in_progress_and_what_they_lack(gallery):
    for state, received in [("receiving", 400), ("working", 1000), ("done", 0)]:
        Upload.objects.create(
            gallery=gallery,
            owner=gallery.owner,
            name="a.zip",
            size_bytes=1000,
            received_bytes=received,
            state=state,
        )
    found = samples(collect)

    assert found["gallery_uploads_in_progress",] == 2
    assert found["gallery_uploads_missing_bytes",] == 600
    assert found["gallery_uploads", "done"] == 1
