"""How much uploads may announce: the room, the floor, and one person's share."""

from types import SimpleNamespace

import pytest

from gallery import quota
from gallery.models import Upload
from gallery.tests.people import person
from gallery.tests.tus import Sender

pytestmark = pytest.mark.django_db
MB = 1024 * 1024


@pytest.fixture
def free(monkeypatch, settings):
    """Sets how many megabytes the volume has free."""
    settings.UPLOAD_FREE_FLOOR_MB = 10

    def has(megabytes):
        usage = SimpleNamespace(free=megabytes * MB)
        monkeypatch.setattr(quota.shutil, "disk_usage", lambda _path: usage)

    return has


def told(answer):
    return answer.status_code, answer.json()["code"]


def test_what_others_announced_counts_as_taken(sender, client, gallery, free):
    free(100)
    assert sender.create(60 * MB).status_code == 201
    client.force_login(person("superuser"))
    other = Sender(client, gallery)

    assert told(other.create(31 * MB)) == (507, "no_room")
    assert other.create(30 * MB).status_code == 201


def test_what_has_come_is_not_counted_twice(sender, free):
    free(100)
    sender.create(60 * MB)
    Upload.objects.update(received_bytes=50 * MB)
    free(50)

    assert told(sender.create(31 * MB)) == (507, "no_room")
    assert sender.create(30 * MB).status_code == 201


def test_a_floor_stays_free_whatever_was_announced(sender, free):
    free(100)
    address = sender.begin(b"x" * 100)
    free(10)

    answer = sender.patch(address, b"x" * 50, offset=0)

    assert told(answer) == (507, "no_room")
    free(11)
    assert sender.patch(address, b"x" * 50, offset=0).status_code == 204


def test_one_person_has_so_many_under_way(sender, client, gallery, settings):
    settings.UPLOADS_OPEN_LIMIT = 2
    first = sender.create(5)["Location"]
    sender.create(5)

    answer = sender.create(5)

    assert told(answer) == (429, "too_many_uploads")
    assert answer.json()["detail"] == (
        "2 of your uploads are under way, which is the limit. Let them end, or discard "
        "those that were interrupted."
    )
    sender.client.delete(first, headers={"Tus-Resumable": "1.0.0"})
    assert sender.create(5).status_code == 201
    client.force_login(person("superuser"))
    assert Sender(client, gallery).create(5).status_code == 201


def test_one_person_has_so_many_bytes_under_way(sender, settings):
    settings.UPLOADS_OPEN_LIMIT_MB = 10
    assert sender.create(20 * MB).status_code == 201  # one alone may be larger

    answer = sender.create(5 * MB)

    assert told(answer) == (429, "too_many_uploads")
    assert "25 MB" in answer.json()["detail"]
    Upload.objects.update(state=Upload.State.DONE)
    assert sender.create(5 * MB).status_code == 201


def test_the_limit_is_told_in_french(sender, settings):
    settings.UPLOADS_OPEN_LIMIT = 1
    sender.create(5)

    answer = sender.client.post(
        sender.url,
        headers={"Tus-Resumable": "1.0.0", "Upload-Length": "5"}
        | {"Accept-Language": "fr"},
    )

    assert "vos envois sont en cours" in answer.json()["detail"]
