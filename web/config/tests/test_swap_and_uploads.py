"""Photos on their way in while a restore swaps database and media for real."""

import base64
import http.client
import json
import os
import subprocess
import sys
import time
from dataclasses import replace

import pytest
from django.conf import settings

from gallery.tests.photos import jpeg
from socle.backups.restore.restore_targets import drop_database
from socle.backups.runs.run_locks import only_one
from socle.backups.swap.database_swap import swap
from socle.backups.swap.swap_journal import Exchange, Plan
from socle.backups.tests.conftest import (  # noqa: F401
    database,
    django_site,
    django_template,
    execute,
    media,
    picture,
    site,
    store,
)
from socle.backups.tests.serving import environment_of, serving

SECONDS = 60
TUS = {"Tus-Resumable": "1.0.0"}
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


class Client:
    """A tus client over HTTP, as small as it can be."""

    def __init__(self, port):
        self.port = port
        self.token = ""
        body = {"email": "ansel@example.com", "password": "yosemite-1941"}
        answer = self.ask(
            "POST",
            "/api/auth/tokens/",
            json.dumps(body).encode(),
            {"Content-Type": "application/json"},
        )
        self.token = json.loads(answer.content)["access"]

    def ask(self, method, path, body=b"", headers=None):
        connection = self.begin(method, path, len(body), headers or {})
        connection.send(body)
        return self.end(connection)

    def begin(self, method, path, length, headers):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=SECONDS)
        connection.putrequest(method, path)
        given = TUS | {"Content-Length": str(length), "Accept": "application/json"}
        if self.token:
            given["Authorization"] = f"Bearer {self.token}"
        for name, value in (given | headers).items():
            connection.putheader(name, value)
        connection.endheaders()
        return connection

    def end(self, connection):
        answer = connection.getresponse()
        answer.content = answer.read()
        connection.close()
        return answer

    def create(self, size):
        name = base64.b64encode(b"camp.jpg").decode()
        headers = {"Upload-Length": str(size), "Upload-Metadata": f"filename {name}"}
        answer = self.ask("POST", "/api/galleries/camp/uploads/", b"", headers)
        assert answer.status == 201, answer.content
        return answer.headers["Location"]

    def chunk(self, address, offset, piece):
        return self.ask("PATCH", address, piece, chunk_headers(offset))


def chunk_headers(offset):
    content_type = "application/offset+octet-stream"
    return {"Upload-Offset": str(offset), "Content-Type": content_type}


@pytest.mark.slow
def test_the_sender_of_what_a_swap_has_lost_is_told_to_send_it_again(
    django_site,  # noqa: F811
    plan,
):
    content = jpeg(1200, 900)
    half = len(content) // 2
    with serving(django_site) as port:
        client = Client(port)
        address = client.create(len(content))
        assert client.chunk(address, 0, content[:half]).status == 204
        last = client.begin("PATCH", address, len(content) - half, chunk_headers(half))
        last.send(content[half:-10])
        time.sleep(1)
        swap_now(plan, site=django_site)
        last.send(content[-10:])
        during = client.end(last)
        client = Client(port)  # the backup knows no sign-in of later
        after = client.ask("HEAD", address)
        assert during.status in {404, 410, 503}, during.content
        if during.status == 503:
            assert during.headers["Retry-After"] == "2"
        assert after.status == 404
        assert client.chunk(address, half, content[half:]).status == 404
        anew = client.create(len(content))
        assert client.chunk(anew, 0, content).status == 204
        facts = json.loads(client.ask("GET", anew).content)
    assert [one["status"] for one in facts["results"]] == ["accepted"]
    assert is_whole(django_site)


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


def is_whole(site):  # noqa: F811
    """Each photo has its file, and each file its photo."""
    rows = execute(site.database, "SELECT original FROM gallery_photo")
    files = {os.fsdecode(name) for name in picture(site.media_root)}
    return {name for (name,) in rows} == files
