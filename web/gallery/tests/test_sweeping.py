"""What is deleted, and above all what is not."""

import os
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from django.conf import settings
from django.core.management import call_command
from django.utils import timezone

from gallery.models import Upload
from gallery.resumable import begin, incoming_path
from gallery.sweeping import sweep_files

pytestmark = pytest.mark.django_db
NOW = timezone.now()


@pytest.fixture
def upload(gallery, photographer):
    def make(*, age, state=Upload.State.RECEIVING):
        made = begin(
            gallery=gallery, owner=photographer, name="a.zip", size_bytes=9, now=NOW
        )
        moment = NOW - age
        ended = state in {Upload.State.DONE, Upload.State.FAILED}
        Upload.objects.filter(pk=made.pk).update(
            touched_at=moment, state=state, finished_at=moment if ended else None
        )
        grow_old(incoming_path(made), age=age)
        return made

    return make


def grow_old(path: Path, *, age: timedelta):
    moment = (NOW - age).timestamp()
    os.utime(path, (moment, moment))


def left():
    return set(Upload.objects.values_list("pk", flat=True))


def test_an_upload_is_abandoned_after_a_day(upload):
    young = upload(age=timedelta(hours=23))
    old = upload(age=timedelta(hours=25))

    swept = sweep_files(now=NOW)

    assert swept.abandoned == 1
    assert left() == {young.pk}
    assert incoming_path(young).exists()
    assert not incoming_path(old).exists()


def test_what_waits_for_a_worker_is_kept_however_old_it_is(upload):
    waiting = upload(age=timedelta(days=30), state=Upload.State.WAITING)
    working = upload(age=timedelta(days=30), state=Upload.State.WORKING)

    swept = sweep_files(now=NOW)

    assert swept.anything == 0
    assert left() == {waiting.pk, working.pk}
    assert incoming_path(waiting).exists()


def test_results_are_kept_for_a_week(upload):
    young = upload(age=timedelta(days=6), state=Upload.State.DONE)
    upload(age=timedelta(days=8), state=Upload.State.DONE)
    upload(age=timedelta(days=8), state=Upload.State.FAILED)

    assert sweep_files(now=NOW).ended == 2
    assert left() == {young.pk}


def test_files_without_a_row_are_deleted_when_they_are_old(media):
    folder = Path(settings.FILE_UPLOAD_TEMP_DIR)
    names = [str(uuid4()), f"{uuid4()}.zip", "tmpabc.upload.jpg"]
    for name in names:
        (folder / name).write_bytes(b"x")
        grow_old(folder / name, age=timedelta(hours=25))
    (folder / "young").write_bytes(b"x")

    assert sweep_files(now=NOW).strays == 3
    assert [path.name for path in folder.iterdir()] == ["young"]


def test_the_command_says_how_many(upload, capsys):
    upload(age=timedelta(hours=25))

    call_command("sweep_files")

    said = capsys.readouterr().out
    assert said.startswith("Swept 1 abandoned uploads, the records of 0 ended ones")
