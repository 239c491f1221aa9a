"""A photo that is drawn while a restore swaps database and media for real."""

import subprocess
import sys
import time
from dataclasses import replace

import pytest
from django.conf import settings

from backups.journal import Exchange, Plan
from backups.locks import only_one
from backups.places import drop_database
from backups.swap import swap
from backups.tests.conftest import (  # noqa: F401
    database,
    django_site,
    django_template,
    execute,
    media,
    picture,
    site,
    store,
)
from backups.tests.serving import environment_of

SECONDS = 60
PEOPLE = """
from django.contrib.auth.models import Group
from accounts.models import User
from gallery.models import Gallery
user = User.objects.create_user("ansel@example.com", "yosemite-1941")
user.groups.add(Group.objects.get(name="photographer"))
Gallery.objects.create(name="Camp", slug="camp", owner=user)
"""
# The work itself is real; it only stands still where the test swaps.
DRAWING = """
import pathlib, sys, time
from django.core.files.base import ContentFile
from django.utils import timezone
from accounts.models import User
from gallery import services
from gallery.models import Gallery, Photo
from gallery.tests.photos import jpeg
content = jpeg(800, 600)
photo = Photo(gallery=Gallery.objects.get(), owner=User.objects.get(), name="a.jpg",
    content_type="image/jpeg", sha256="0" * 64, size_bytes=len(content), width=800,
    height=600, queued_at=timezone.now())
photo.original.save("original.jpg", ContentFile(content), save=False)
photo.save()
draw, mark = services.draw_renditions, pathlib.Path({mark!r})
def slowly(file):
    drawn = draw(file)
    mark.touch()
    while mark.exists():
        time.sleep(0.05)
    return drawn
services.draw_renditions = slowly
services.draw_photo(services.claim_photo(str(photo.pk), worker="w", redelivered=False,
    now=timezone.now()))
"""


@pytest.fixture
def plan(django_site):  # noqa: F811
    """The state of a backup that knows the people and the gallery, and no photo."""
    shell(django_site, PEOPLE)
    names = Exchange(django_site.database.name, f"{django_site.database.name}_b", "")
    names = replace(names, old=f"{names.live}_a")
    execute(
        django_site.database.named("postgres"),
        f'CREATE DATABASE "{names.new}" TEMPLATE "{names.live}"',
    )
    (django_site.media_root.parent / "b").mkdir()
    yield Plan(names, Exchange("live", "b", "a"))
    for name in (names.new, names.old):
        drop_database(django_site.database.named(name))


def shell(site, code, *, check=True):  # noqa: F811
    return subprocess.run(
        [sys.executable, "manage.py", "shell", "--verbosity=0", "--command", code],
        cwd=settings.BASE_DIR,
        env=environment_of(site),
        check=check,
    )


def swap_now(plan, *, site):  # noqa: F811
    with only_one(site.database, purpose="restore") as lock:
        swap(plan, site=site, lock=lock)


@pytest.mark.slow
def test_no_file_is_left_of_a_photo_that_is_drawn_while_a_restore_swaps(
    django_site,  # noqa: F811
    plan,
    tmp_path,
):
    mark = tmp_path / "drawing"
    code = DRAWING.format(mark=str(mark))
    command = [sys.executable, "manage.py", "shell", "--verbosity=0", "--command", code]
    with subprocess.Popen(
        command,
        cwd=settings.BASE_DIR,
        env=environment_of(django_site),
        stderr=subprocess.PIPE,
        text=True,
    ) as work:
        ends_at = time.monotonic() + SECONDS
        while not mark.exists():
            assert work.poll() is None, work.stderr.read()
            assert time.monotonic() < ends_at
            time.sleep(0.05)
        (photo,) = execute(django_site.database, "SELECT original FROM gallery_photo")
        swap_now(plan, site=django_site)
        mark.unlink()
        said = work.communicate(timeout=SECONDS)[1]
    assert work.returncode != 0
    assert "terminat" in said or "closed" in said
    assert picture(django_site.media_root) == {}
    assert execute(django_site.database, "SELECT 1 FROM gallery_photo") == []
    old = django_site.database.named(plan.database.old)
    states = execute(old, "SELECT state, preview, original FROM gallery_photo")
    assert states == [("working", "", photo[0])]
    assert (django_site.media_root.with_name("a") / photo[0]).exists()
