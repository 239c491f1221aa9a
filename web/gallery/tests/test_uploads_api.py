"""The tus endpoint: its headers, its answers, and who may use it."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.contrib.auth.models import Group
from django.utils import timezone

from accounts.models import User
from gallery.models import Photo, Upload
from gallery.resumable import incoming_path
from gallery.tests.photos import jpeg
from gallery.tests.tus import the_upload

pytestmark = pytest.mark.django_db


def test_the_endpoint_says_what_it_speaks(sender):
    answer = sender.client.options(sender.url)

    assert answer["Tus-Version"] == answer["Tus-Resumable"] == "1.0.0"
    assert answer["Tus-Extension"] == "creation,termination,expiration"
    assert int(answer["Tus-Max-Size"]) == 4096 * 1024 * 1024
    other = sender.create(5, **{"Tus-Resumable": "0.2.2"})
    assert (other.status_code, other.json()["code"]) == (412, "tus_version")


def test_head_tells_where_to_go_on_after_a_break(sender):
    content = jpeg()
    address = sender.begin(content, name="Élan.jpg")
    sender.patch(address, content[:1000], offset=0)

    answer = sender.client.head(address)

    assert answer.status_code == 200
    assert (answer["Upload-Offset"], answer["Upload-Length"]) == (
        "1000",
        str(len(content)),
    )
    assert answer["Upload-Expires"].endswith("GMT")
    assert answer["Cache-Control"] == "no-store"
    listed = sender.client.get(sender.url).json()["results"]
    assert [(one["name"], one["received_bytes"]) for one in listed] == [
        ("Élan.jpg", 1000)
    ]


@pytest.mark.parametrize(
    "headers",
    [
        {"Upload-Length": ""},
        {"Upload-Length": "0"},
        {"Upload-Length": "-5"},
        {"Upload-Length": "٣"},
        {"Upload-Length": "9" * 400},
        {"Upload-Metadata": "filename !!!"},
        {"Upload-Metadata": "filename /w=="},
    ],
)
def test_headers_that_make_no_sense_are_named(sender, headers):
    answer = sender.create(5, **headers)

    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_header")
    assert not Upload.objects.exists()


def test_a_chunk_must_be_of_its_own_kind(sender):
    address = sender.begin(b"x" * 10)
    answer = sender.client.patch(
        address, b"x" * 10, content_type="image/jpeg", headers={"Upload-Offset": "0"}
    )
    assert answer.status_code == 415
    assert sender.patch(address, b"xx", offset="").status_code == 400


def test_somebody_elses_upload_is_not_there(sender, client):
    address = sender.begin(b"x" * 10)
    other = User.objects.create_user("other@example.com", "somebody-else-9")
    other.groups.add(Group.objects.get(name="moderator"))
    client.force_login(other)

    assert client.head(address).status_code == 404
    assert client.get(address).status_code == 404
    assert sender.patch(address, b"x", offset=0).status_code == 404
    assert client.delete(address).status_code == 404
    assert client.get(sender.url).json()["results"] == []
    assert client.get(f"/api/uploads/{uuid4()}/").status_code == 404


def test_members_and_strangers_cannot_upload(client, sender, gallery):
    address = sender.begin(b"x" * 10)
    photographer = Upload.objects.get().owner
    photographer.groups.set([Group.objects.get(name="member")])
    client.force_login(User.objects.get(pk=photographer.pk))

    assert sender.create(10).status_code == 403
    assert sender.patch(address, b"x", offset=0).status_code == 403
    assert client.get(sender.url).status_code == 403
    client.logout()
    assert sender.create(10).status_code in {401, 403}
    assert Upload.objects.count() == 1


def test_a_gallery_that_one_may_not_see_takes_no_upload(sender, gallery):
    owner = User.objects.create_user("owner@example.com", "somebody-else-9")
    gallery.owner, gallery.visibility = owner, "private"
    gallery.save()

    assert sender.create(10).status_code == 404


def test_a_cancelled_upload_leaves_nothing(sender):
    address = sender.begin(b"x" * 10)
    sender.patch(address, b"x" * 5, offset=0)
    path = incoming_path(the_upload())

    assert sender.client.delete(address).status_code == 204

    assert not path.exists()
    assert sender.client.head(address).status_code == 404


def test_nothing_goes_on_after_a_day(sender):
    address = sender.begin(b"x" * 10)
    a_day_ago = timezone.now() - timedelta(hours=24)
    Upload.objects.update(touched_at=a_day_ago)

    answer = sender.patch(address, b"x" * 10, offset=0)

    assert (answer.status_code, answer.json()["code"]) == (410, "upload_expired")
    assert sender.client.head(address).status_code == 410
    assert sender.client.get(sender.url).json()["results"] == []


def test_the_answer_to_the_last_chunk_may_get_lost(sender):
    content = jpeg()
    address = sender.send(content)

    assert sender.offset(address) == len(content)
    assert sender.patch(address, b"", offset=len(content)).status_code == 204
    assert sender.patch(address, b"x", offset=0).status_code == 409
    assert Photo.objects.count() == 1


@pytest.mark.parametrize(
    ("since", "status", "count"),
    [
        ("0", 200, 1),
        ("1", 200, 0),
        ("9" * 5000, 200, 0),
        ("²", 400, None),
        ("٣", 400, None),
        ("-1", 400, None),
        ("", 400, None),
    ],
)
def test_results_are_left_out_by_a_whole_number(sender, sent, since, status, count):
    address = sender.send(jpeg())

    answer = sender.client.get(address, {"since": since})

    assert answer.status_code == status
    if status == 200:
        assert len(answer.json()["results"]) == count
    else:
        assert answer.json()["errors"][0]["field"] == "since"
