import json
import re
from datetime import UTC, date, datetime

import pytest
from django.contrib.auth.models import Group

from accounts.models import User
from gallery.models import Gallery, Photo

pytestmark = pytest.mark.django_db
PLACEHOLDER = "data:image/webp;base64,UklGRh4AAABXRUJQ"


def person(role: str) -> User:
    user = User.objects.create_user(f"{role}@example.com", "only-for-tests")
    user.groups.add(Group.objects.get(name=role))
    return user


def add_photo(gallery: Gallery, number: int, **facts) -> Photo:
    return Photo.objects.create(
        gallery=gallery,
        owner=gallery.owner,
        **{
            "name": f"{number}.jpg",
            "sha256": f"{number:064}",
            "size_bytes": 1,
            "width": 300,
            "height": 200,
            "position": number,
            "state": Photo.State.READY,
            "original": "o.jpg",
            "thumbnail": "photos/00/t.webp",
            "preview": "photos/00/p.webp",
            "placeholder": PLACEHOLDER,
            **facts,
        },
    )


def text_of(response) -> str:
    assert response.status_code == 200
    return response.content.decode()


def told(facts: dict) -> dict:
    """Without the times, whose digits the two ways of writing JSON count apart."""
    return {name: fact for name, fact in facts.items() if not name.endswith("_at")}


def data_in(page: str) -> dict:
    found = re.search(r'<script id="gallery-data"[^>]*>(.*?)</script>', page, re.DOTALL)
    return json.loads(found[1])


@pytest.fixture
def public(photographer):
    return Gallery.objects.create(
        name="Open day",
        owner=photographer,
        visibility="public",
        event_date=date(2026, 5, 2),
    )


@pytest.fixture
def private(photographer):
    return Gallery.objects.create(
        name="Drafts", owner=photographer, visibility="private"
    )


# --- The list -------------------------------------------------------------------------


def test_each_sees_the_galleries_of_their_role(client, gallery, public, private):
    def names():
        found = re.findall(
            r'<a href="/galleries/[\w-]+/">([^<]+)<', text_of(client.get("/"))
        )
        return set(found)

    assert names() == {"Open day"}
    client.force_login(person("member"))
    assert names() == {"Open day", "Summer camp"}
    client.force_login(person("moderator"))
    assert names() == {"Open day", "Summer camp", "Drafts"}
    client.force_login(private.owner)
    assert names() == {"Open day", "Summer camp", "Drafts"}


def test_visitors_are_offered_to_sign_in_and_to_make_nothing(client, public):
    page = text_of(client.get("/"))

    assert 'href="/sign-in/"' in page
    assert "New gallery" not in page
    assert "<script" not in page


def test_a_card_says_what_there_is(client, public):
    add_photo(public, 1)
    add_photo(public, 2)

    page = text_of(client.get("/"))

    assert "2 photos" in page
    assert "2 May 2026" in page
    assert 'width="300"' in page
    assert f"background-image:url({PLACEHOLDER})" in page


def test_the_search_finds_by_word_year_and_visibility(client, gallery, public):
    client.force_login(person("member"))
    for query, found in (
        ("search=open", "Open day"),
        ("year=2026&search=", "Open day"),
        ("visibility=members", "Summer camp"),
    ):
        assert found in text_of(client.get(f"/?{query}"))
    page = text_of(client.get("/?search=open"))
    assert "Summer camp" not in page
    assert 'value="open"' in page
    assert "No gallery matches" in text_of(client.get("/?search=nowhere"))


def test_a_year_that_is_none_is_no_page(client):
    assert client.get("/?year=soon").status_code == 404


def test_older_and_newer_galleries_are_linked(client, photographer):
    for number in range(61):
        Gallery.objects.create(
            name=f"Day {number}", owner=photographer, visibility="public"
        )

    first = text_of(client.get("/"))
    older = re.search(r'rel="next" href="(\?cursor=[^"]+)"', first)[1]
    last = text_of(client.get(f"/{older}"))

    assert "Day 60" in first
    assert "Day 0<" in last
    newer = re.search(r'rel="prev" href="(\?cursor=[^"]+)"', last)[1]
    assert "Day 60" in text_of(client.get(f"/{newer}"))


# --- One gallery ----------------------------------------------------------------------


def test_what_is_not_visible_is_not_there(client, gallery, private):
    for url in (gallery.get_absolute_url(), private.get_absolute_url()):
        response = client.get(url)
        assert response.status_code == 404
        assert f"/sign-in/?next={url}" in response.content.decode()


def test_photos_can_be_read_without_a_script(client, public):
    photo = add_photo(public, 1, caption="The <opening>")
    page = text_of(client.get(public.get_absolute_url()))

    assert 'alt="The &lt;opening&gt;"' in page
    assert f"#p-{photo.pk}{{--ratio:1.5000;" in page
    preview = re.search(r'class="tile-open" href="([^"]+)"', page)[1]
    assert preview.endswith("photos/00/p.webp")


def test_pages_of_photos_are_linked_for_readers_without_a_script(client, public):
    for number in range(101):
        add_photo(public, number)

    first = text_of(client.get(public.get_absolute_url()))
    more = re.search(r'rel="next" href="(\?cursor=[^"]+)"', first)[1]
    last = text_of(client.get(public.get_absolute_url() + more))

    assert first.count('class="tile ') == 100
    assert last.count('class="tile ') == 1
    assert data_in(first)["photos"]["next"].startswith(
        "/api/galleries/open-day/photos/?cursor="
    )


def test_the_script_gets_what_the_api_answers(client, public):
    add_photo(public, 1)
    add_photo(public, 2, state=Photo.State.FAILED, thumbnail="", preview="")
    url = public.get_absolute_url()

    data = data_in(text_of(client.get(url)))

    assert told(data["gallery"]) == told(client.get("/api/galleries/open-day/").json())
    photos = client.get("/api/galleries/open-day/photos/").json()["results"]
    assert list(map(told, data["photos"]["results"])) == list(map(told, photos))
    assert data["counts"] == {"total": 2, "unfinished": 0, "failed": 1}
    assert data["uploads"] == []
    changes = f"/api/galleries/open-day/changes/?since={data['since']}"
    assert len(client.get(changes).json()["photos"]) == 2


def test_uploads_that_were_interrupted_are_told_to_whom_they_belong(client, gallery):
    gallery.uploads.create(
        owner=gallery.owner, name="camp.zip", size_bytes=100, received_bytes=0
    )
    client.force_login(gallery.owner)
    assert "1 upload was interrupted." in text_of(
        client.get(gallery.get_absolute_url())
    )
    client.force_login(person("photographer"))
    assert "interrupted" not in text_of(client.get(gallery.get_absolute_url()))


def test_only_who_may_upload_is_offered_it(client, gallery):
    for role, is_offered in (("member", False), ("photographer", True)):
        client.force_login(person(role))
        page = text_of(client.get(gallery.get_absolute_url()))
        assert ('id="upload"' in page) is is_offered
        assert "Edit gallery" not in page
    client.force_login(gallery.owner)
    assert "Edit gallery" in text_of(client.get(gallery.get_absolute_url()))


def test_years_are_offered_where_there_are_several(client, public):
    for number in range(31):
        taken_at = datetime(2024 + 2 * (number % 2), 6, 1, tzinfo=UTC)
        add_photo(public, number, taken_at=taken_at)

    page = text_of(client.get(public.get_absolute_url()))
    assert re.findall(r'<option value="(\d+)"', page) == ["2026", "2025", "2024"]
    page = text_of(client.get(public.get_absolute_url() + "?year=2024"))
    assert page.count('class="tile ') == 16


def test_a_placeholder_that_is_none_does_not_reach_the_style_sheet(client, public):
    add_photo(public, 1, placeholder="data:image/webp;base64,x)}body{display:none")

    assert (
        "display:none"
        not in text_of(client.get(public.get_absolute_url())).split("</style>")[0]
    )


@pytest.mark.parametrize("count", [1, 100])
def test_a_page_asks_the_database_as_often_for_many_photos_as_for_one(
    client, public, count, django_assert_max_num_queries
):
    for number in range(count):
        add_photo(public, number)
    client.force_login(person("member"))
    client.get("/account/")  # brings the tokens

    with django_assert_max_num_queries(12):
        client.get(public.get_absolute_url())


# --- Making, editing, deleting --------------------------------------------------------


def test_a_photographer_creates_a_gallery_and_lands_on_it(client, photographer):
    client.force_login(photographer)
    facts = {"name": "Élan d’été", "visibility": "public", "event_date": "2026-07-01"}

    response = client.post("/galleries/new/", facts, follow=True)

    gallery = Gallery.objects.get()
    assert response.redirect_chain == [(f"/galleries/{gallery.slug}/", 302)]
    assert gallery.owner == photographer
    assert gallery.event_date == date(2026, 7, 1)


def test_who_may_not_make_galleries_is_told(client, gallery):
    assert client.get("/galleries/new/").url == "/sign-in/?next=/galleries/new/"
    client.force_login(person("member"))
    assert client.get("/galleries/new/").status_code == 403


@pytest.mark.parametrize("page", ["edit", "delete"])
def test_only_its_owner_and_moderators_change_a_gallery(client, gallery, private, page):
    url = f"/galleries/summer-camp/{page}/"
    assert client.get(url).url == f"/sign-in/?next={url}"
    for role, status in (("member", 403), ("photographer", 403), ("moderator", 200)):
        client.force_login(person(role))
        assert client.get(url).status_code == status, role
    client.force_login(User.objects.get(email="photographer@example.com"))
    assert client.get(f"/galleries/drafts/{page}/").status_code == 404
    assert client.post(f"/galleries/drafts/{page}/").status_code == 404


def test_a_gallery_is_edited(client, gallery):
    client.force_login(gallery.owner)
    page = text_of(client.get("/galleries/summer-camp/edit/"))
    assert 'value="Summer camp"' in page

    client.post(
        "/galleries/summer-camp/edit/", {"name": "Camp", "visibility": "private"}
    )

    gallery.refresh_from_db()
    assert (gallery.name, gallery.visibility) == ("Camp", "private")
    assert gallery.slug == "summer-camp"


def test_a_gallery_is_deleted_after_a_question(client, gallery):
    add_photo(gallery, 1)
    client.force_login(gallery.owner)
    assert "its 1 photo are deleted" in text_of(
        client.get("/galleries/summer-camp/delete/")
    )
    assert Gallery.objects.exists()

    page = client.post("/galleries/summer-camp/delete/", follow=True)

    assert not Gallery.objects.exists()
    assert "“Summer camp” was deleted." in text_of(page)


def test_slugs_never_meet(photographer):
    names = ["Camp", "Camp", "camp!", "new", "🏕️"]
    slugs = [Gallery.objects.create(name=n, owner=photographer).slug for n in names]

    assert slugs == ["camp", "camp-2", "camp-3", "gallery-new", "gallery"]
