"""What changed since: nothing is missed, in whatever order it is committed."""

from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from gallery import change_feed
from gallery.models import Gallery, Photo
from gallery.tests.people import photo_row, ready_row

pytestmark = pytest.mark.django_db


@pytest.fixture
def changes_url(client, gallery, photographer):
    client.force_login(photographer)
    return f"/api/galleries/{gallery.slug}/changes/"


@pytest.fixture
def by_hand(gallery):
    """Times of changes are the test's, not the clock's; until it is rolled back."""
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE gallery_photo DISABLE TRIGGER photo_changes")


def told(answer):
    return sorted(photo["name"] for photo in answer["photos"])


def test_the_first_question_is_answered_with_where_to_begin(
    client, gallery, changes_url
):
    photo_row(gallery, 1).save()

    start = client.get(changes_url).json()

    assert start["photos"] == []
    assert start["more"] is False
    assert start["counts"] == {"total": 1, "unfinished": 1, "failed": 0}


def test_what_comes_and_what_changes_is_told(client, gallery, changes_url):
    start = client.get(changes_url).json()["since"]
    Photo.objects.bulk_create(
        [photo_row(gallery, 1), ready_row(gallery, 2), photo_row(gallery, 3)]
    )

    came = client.get(changes_url, {"since": start}).json()
    assert len(came["photos"]) == 3
    Photo.objects.filter(name="IMG_0001.jpg").update(state="failed", error="Cut off.")

    answer = client.get(changes_url, {"since": came["since"]}).json()
    (changed,) = [p for p in answer["photos"] if p["name"] == "IMG_0001.jpg"]
    assert (changed["state"], changed["error"]) == ("failed", "Cut off.")
    assert answer["counts"] == {"total": 3, "unfinished": 1, "failed": 1}


def test_other_galleries_are_not_told_of(client, gallery, changes_url, photographer):
    other = Gallery.objects.create(name="Other", owner=photographer)
    start = client.get(changes_url).json()["since"]
    photo_row(other, 1).save()

    assert client.get(changes_url, {"since": start}).json()["photos"] == []


def test_a_change_that_comes_to_light_late_is_told(gallery, by_hand):
    now = timezone.now()
    start = change_feed.since(gallery, None, now=now)["since"]
    photo_row(gallery, 2, updated_at=now + timedelta(seconds=2)).save()
    first = change_feed.since(gallery, start, now=now + timedelta(seconds=3))
    assert [photo.name for photo in first["photos"]] == ["IMG_0002.jpg"]

    # Written before the other, but its transaction ends only now.
    photo_row(gallery, 1, updated_at=now + timedelta(seconds=1)).save()

    second = change_feed.since(gallery, first["since"], now=now + timedelta(seconds=5))
    assert "IMG_0001.jpg" in [photo.name for photo in second["photos"]]


def test_what_is_settled_is_told_no_more(gallery, by_hand):
    now = timezone.now()
    start = change_feed.since(gallery, None, now=now)["since"]
    photo_row(gallery, 1, updated_at=now).save()
    later = now + change_feed.SETTLED_AFTER + timedelta(seconds=1)

    first = change_feed.since(gallery, start, now=later)
    second = change_feed.since(gallery, first["since"], now=later)
    third = change_feed.since(gallery, second["since"], now=later + timedelta(hours=1))

    assert len(first["photos"]) == 1
    assert second["photos"] == third["photos"] == []
    assert second["since"] == third["since"], "the same answer: a 304"


def test_many_changes_come_in_parts_and_end(gallery, monkeypatch, by_hand):
    monkeypatch.setattr(change_feed, "MOST", 4)
    now = timezone.now()
    since = change_feed.since(gallery, None, now=now)["since"]
    same = now + timedelta(seconds=1)  # all at once: only their ids tell them apart
    Photo.objects.bulk_create(
        [photo_row(gallery, n, updated_at=same) for n in range(10)]
    )

    parts = []
    while True:
        answer = change_feed.since(gallery, since, now=now + timedelta(seconds=2))
        since = answer["since"]
        parts.append([photo.name for photo in answer["photos"]])
        if not answer["more"]:
            break

    assert [len(part) for part in parts] == [4, 4, 2]
    assert len(set(sum(parts, []))) == 10


def test_a_late_change_is_told_after_many_others(gallery, monkeypatch, by_hand):
    monkeypatch.setattr(change_feed, "MOST", 2)
    now = timezone.now()
    since = change_feed.since(gallery, None, now=now)["since"]
    for number in range(3):
        photo_row(gallery, number, updated_at=now + timedelta(seconds=number)).save()
    first = change_feed.since(gallery, since, now=now + timedelta(seconds=3))
    late = photo_row(gallery, 9, updated_at=now - timedelta(seconds=1))
    late.save()

    names, answer = set(), first
    for _question in range(4):
        answer = change_feed.since(
            gallery, answer["since"], now=now + timedelta(seconds=4)
        )
        names |= {photo.name for photo in answer["photos"]}

    assert late.name in names


@pytest.mark.parametrize("since", ["nonsense", "W10", "WzEsMl0", "é", "x" * 600])
def test_what_is_no_answer_of_ours_is_refused(client, changes_url, since):
    answer = client.get(changes_url, {"since": since})

    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"] == "since"


def test_asking_again_costs_five_queries_and_is_not_sent_again(
    client, gallery, changes_url, django_assert_max_num_queries
):
    Photo.objects.bulk_create([photo_row(gallery, number) for number in range(20)])
    client.get(changes_url)  # brings the tokens, whose first use is noted
    since = client.get(changes_url).json()["since"]

    with django_assert_max_num_queries(5):
        answer = client.get(changes_url, {"since": since})

    assert len(answer.json()["photos"]) == 20
    headers = {"If-None-Match": answer["ETag"]}
    again = client.get(changes_url, {"since": since}, headers=headers)
    assert again.status_code == 304
