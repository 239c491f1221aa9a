"""Every address that an answer of the API names opens by the sign-in that asked."""

from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from django.test import Client
from django.utils import timezone

from gallery import downloads
from gallery.downloads import claim_download, pack, request_download
from gallery.models import Gallery
from gallery.tests.photos import jpeg
from gallery.tests.stored import stored_photo
from gallery.tests.tus import Sender

pytestmark = pytest.mark.django_db
PASSWORD = "yosemite-1941"
BY_A_WORKER = {"worker": "w", "redelivered": False}


@pytest.fixture(params=["cookie", "token"])
def program(request, photographer):
    """A client of the API, signed in by one of the two alone."""
    client = Client()
    if request.param == "cookie":
        client.force_login(photographer)
        return client
    person = {"email": photographer.email, "password": PASSWORD}
    got = client.post("/api/auth/tokens/", person, content_type="application/json")
    return Client(headers={"authorization": f"Bearer {got.json()['access']}"})


@pytest.fixture
def filled(gallery, photographer, monkeypatch):
    """A gallery of members with photos; the zip of it, as a worker makes large ones."""
    gallery.visibility = Gallery.Visibility.MEMBERS
    gallery.save()
    for seed in range(3):
        stored_photo(gallery, photographer, name=f"{seed}.jpg", seed=seed)
    monkeypatch.setattr(downloads, "enqueue_download", lambda one: True)
    with monkeypatch.context() as patch:
        patch.setattr(downloads, "SMALL_BYTES", -1)
        download = request_download(gallery, now=timezone.now())
        pack(claim_download(str(download.pk), **BY_A_WORKER, now=timezone.now()))
    return download


def addresses_in(body) -> Iterator[str]:
    """Each text of an answer that is an address of this site."""
    if isinstance(body, dict):
        body = list(body.values())
    if isinstance(body, list):
        for one in body:
            yield from addresses_in(one)
    elif isinstance(body, str) and body.startswith(("/", "http://testserver/")):
        yield urlsplit(body)._replace(scheme="", netloc="").geturl()


def read(answer):
    """To its end, which closes files."""
    return answer.getvalue()


def test_every_address_that_the_api_names_opens(program, gallery, filled):
    Sender(program, gallery).begin(jpeg())
    waiting = [
        "/api/galleries/?page_size=1",
        "/api/account/",
        "/api/account/sign-ins/",
        f"/api/galleries/{gallery.slug}/",
        f"/api/galleries/{gallery.slug}/photos/?page_size=1",
        f"/api/galleries/{gallery.slug}/changes/",
        f"/api/galleries/{gallery.slug}/uploads/",
        f"/api/downloads/{filled.pk}/",
        f"/galleries/{gallery.slug}/download/",  # of which the docs speak
    ]
    asked: set[str] = set()
    while waiting:
        address = waiting.pop()
        if address in asked:
            continue
        asked.add(address)
        answer = program.get(address)
        assert answer.status_code == 200, (address, answer.status_code)
        if answer.headers["Content-Type"] == "application/json":
            waiting += addresses_in(answer.json())
        else:
            read(answer)

    kinds = ("/media/photos/", "/media/1", "/downloads/", "/galleries/summer-camp/")
    for kind in kinds:
        assert any(one.startswith(kind) for one in asked), kind
