"""The tus endpoint, from the first request to the photo in the gallery."""

import base64
import io
import random
from datetime import timedelta
from uuid import uuid4

import pytest
from django.contrib.auth.models import Group
from django.utils import timezone

from accounts.models import User
from gallery.models import Photo, Upload
from gallery.resumable import incoming_path
from gallery.tests.photos import jpeg, zip_of

pytestmark = pytest.mark.django_db
CHUNK = "application/offset+octet-stream"


class Sender:
    """A tus client, as small as it can be."""

    def __init__(self, client, gallery):
        self.client = client
        self.url = f"/api/galleries/{gallery.slug}/uploads/"

    def create(self, length, *, name="camp.jpg", **headers):
        metadata = f"filename {base64.b64encode(name.encode()).decode()}"
        given = {"Upload-Length": str(length), "Upload-Metadata": metadata}
        return self.client.post(
            self.url, headers={"Tus-Resumable": "1.0.0"} | given | headers
        )

    def begin(self, content, *, name="camp.jpg"):
        return self.create(len(content), name=name)["Location"]

    def offset(self, address):
        return int(self.client.head(address)["Upload-Offset"])

    def patch(self, address, chunk, *, offset, **headers):
        return self.client.patch(
            address,
            chunk,
            content_type=CHUNK,
            headers={"Tus-Resumable": "1.0.0", "Upload-Offset": str(offset)} | headers,
        )

    def send(self, content, *, name="camp.jpg", piece=5_000):
        address = self.begin(content, name=name)
        for start in range(0, len(content), piece):
            answer = self.patch(address, content[start : start + piece], offset=start)
            assert answer.status_code == 204, answer.content
        return address


@pytest.fixture
def sender(client, photographer, gallery):
    client.force_login(photographer)
    return Sender(client, gallery)


def the_upload():
    return Upload.objects.get()


def test_a_photo_in_chunks_is_judged_with_its_last_byte(sender, sent):
    content = jpeg()
    address = sender.send(content)

    answer = sender.client.get(address).json()
    photo = Photo.objects.get()
    assert (answer["state"], answer["received_bytes"]) == ("done", len(content))
    assert [result["status"] for result in answer["results"]] == ["accepted"]
    assert answer["results"][0]["photo"]["id"] == str(photo.pk)
    with photo.original.open() as stored:
        assert stored.read() == content
