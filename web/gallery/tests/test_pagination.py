"""Pages by the last row: each row once, in order, forth and back."""

from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from gallery.models import Gallery, Photo
from gallery.pagination import Cursor
from gallery.tests.people import photo_row

pytestmark = pytest.mark.django_db


@pytest.fixture
def photos_url(client, gallery, photographer):
    client.force_login(photographer)
    return f"/api/galleries/{gallery.slug}/photos/"


def crowd(gallery, count):
    """Three photos share each position, so that only their ids tell them apart."""
    rows = [photo_row(gallery, n, position=n // 3) for n in range(count)]
    return Photo.objects.bulk_create(rows)


def pages(client, url, *, direction="next"):
    while url:
        answer = client.get(url).json()
        yield [photo["id"] for photo in answer["results"]]
        url = answer[direction]


def last_page(client, url):
    while (answer := client.get(url).json())["next"]:
        url = answer["next"]
    return answer


@pytest.mark.parametrize("limit", [1, 2, 3, 4, 10, 11])
def test_each_photo_is_listed_once_and_in_order(client, gallery, photos_url, limit):
    crowd(gallery, 10)
    in_order = [str(pk) for pk in Photo.objects.values_list("pk", flat=True)]

    found = list(pages(client, f"{photos_url}?limit={limit}"))

    assert sum(found, []) == in_order
    assert [len(page) for page in found[:-1]] == [limit] * (len(found) - 1)
    assert found[-1]


@pytest.mark.parametrize("limit", [1, 2, 3, 4])
def test_the_way_back_is_the_same(client, gallery, photos_url, limit):
    crowd(gallery, 10)
    in_order = [str(pk) for pk in Photo.objects.values_list("pk", flat=True)]
    end = last_page(client, f"{photos_url}?limit={limit}")

    back = list(pages(client, end["previous"], direction="previous"))

    last = [photo["id"] for photo in end["results"]]
    assert sum(reversed(back), []) + last == in_order


def test_a_page_knows_its_neighbours(client, gallery, photos_url):
    crowd(gallery, 5)

    first = client.get(f"{photos_url}?limit=2").json()
    second = client.get(first["next"]).json()
    back = client.get(second["previous"]).json()

    assert first["previous"] is None
    assert back["results"] == first["results"]
    assert back["previous"] is None
    assert client.get(back["next"]).json()["results"] == second["results"]
    assert client.get(f"{photos_url}?limit=5").json()["next"] is None


def test_photos_that_come_and_go_shift_no_page(client, gallery, photos_url):
    rows = crowd(gallery, 9)
    first = client.get(f"{photos_url}?limit=3").json()

    Photo.objects.filter(position=0).delete()
    photo_row(gallery, 99, position=-5).save()

    (second, *_rest) = pages(client, first["next"])
    assert set(second) == {str(row.pk) for row in rows[3:6]}


def test_a_page_whose_photos_have_gone_leads_to_the_beginning(
    client, gallery, photos_url
):
    crowd(gallery, 6)
    first = client.get(f"{photos_url}?limit=3").json()
    Photo.objects.filter(position=1).delete()

    empty = client.get(first["next"]).json()

    assert (empty["results"], empty["next"]) == ([], None)
    back = client.get(empty["previous"]).json()
    assert back["results"] == first["results"]


def test_filters_and_the_limit_stay_with_the_next_page(client, gallery, photos_url):
    crowd(gallery, 9)
    Photo.objects.filter(position=1).update(state="failed")

    answer = client.get(f"{photos_url}?state=waiting&limit=4").json()

    query = parse_qs(urlsplit(answer["next"]).query)
    assert (query["state"], query["limit"]) == (["waiting"], ["4"])
    assert len(client.get(answer["next"]).json()["results"]) == 2


@pytest.mark.parametrize(
    "values", [[10**30, "x"], [1.5, None], [True], [{}, []], ["NaN", "x"], [0, 0, 0]]
)
def test_a_cursor_of_other_values_is_refused(client, photos_url, values):
    cursor = Cursor(values).encoded()

    answer = client.get(photos_url, {"cursor": cursor})

    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"] == "cursor"


@pytest.mark.parametrize("time", ["2026-01-01T00:00:00", "soon", 5])
def test_a_cursor_without_a_moment_is_refused(client, photos_url, time):
    cursor = Cursor([time, 1]).encoded()

    assert client.get("/api/galleries/", {"cursor": cursor}).status_code == 400


def test_nothing_is_counted_and_nothing_skipped(client, gallery, photos_url):
    crowd(gallery, 30)
    second = client.get(f"{photos_url}?limit=3").json()["next"]

    with CaptureQueriesContext(
        connection,
    ) as queries:
        client.get(second)

    (photos,) = [q["sql"] for q in queries if '"gallery_photo"."position"' in q["sql"]]
    assert "OFFSET" not in photos
    assert not any("COUNT(" in query["sql"] for query in queries)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("SET LOCAL enable_sort = off")
        cursor.execute("SET LOCAL enable_bitmapscan = off")
        cursor.execute(f"EXPLAIN {photos}")
        plan = "\n".join(line for (line,) in cursor.fetchall())
    (condition,) = [line for line in plan.splitlines() if "Index Cond" in line]
    assert "photo_in_order" in plan
    assert 'ROW("position", id) >' in condition, plan


def test_galleries_come_newest_first_page_by_page(client, photographer, photos_url):
    Gallery.objects.all().delete()
    same = datetime(2026, 1, 1, tzinfo=UTC)
    for number in range(7):
        Gallery.objects.create(
            name=f"G{number}",
            owner=photographer,
            created_at=same.replace(day=1 + number // 2),
        )
    in_order = list(Gallery.objects.values_list("slug", flat=True))

    url, found = "/api/galleries/?limit=2", []
    while url:
        answer = client.get(url).json()
        found += [gallery["slug"] for gallery in answer["results"]]
        url, before = answer["next"], answer["previous"]

    assert found == in_order
    back = client.get(before).json()["results"]
    assert [gallery["slug"] for gallery in back] == in_order[4:6]
