"""
Who may what: role × visibility × action, each asked over HTTP.

What cannot be seen is not found; what is seen and not allowed is refused. A visitor who
is refused is asked to sign in.
"""

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction

from accounts.services import fill_groups
from gallery.models import Gallery, Photo, Upload
from gallery.row_permissions import Rights
from gallery.tests.people import person, ready_row
from gallery.tests.photos import jpeg

pytestmark = pytest.mark.django_db

# s: sees it (lists, pages, API, files, zip)   u: uploads into it
# g: edits and deletes the gallery             p: edits and deletes the photo
TABLE = {
    # role          public  members private
    "anonymous": ("s", "", ""),
    "no role": ("s", "", ""),
    "member": ("s", "s", ""),
    "operator": ("s", "s", ""),
    "photographer": ("su", "su", ""),
    "owner of the photo": ("sup", "sup", ""),
    "owner of the gallery": ("sugp", "sugp", "sugp"),
    "moderator": ("sugp", "sugp", "sugp"),
    "superuser": ("sugp", "sugp", "sugp"),
}
ACTIONS = {
    "list": "s",
    "page": "s",
    "gallery": "s",
    "photos": "s",
    "changes": "s",
    "photo": "s",
    "original": "s",
    "thumbnail": "s",
    "zip": "s",
    "zip by a worker": "s",
    "upload": "u",
    "upload in chunks": "u",
    "edit gallery": "g",
    "delete gallery": "g",
    "edit photo": "p",
    "delete photo": "p",
}
CHANGES = {action for action, right in ACTIONS.items() if right in "ugp"}
CASES = [(role, shown) for role in TABLE for shown in Gallery.Visibility.values]


def allowed(role, visibility):
    return TABLE[role][Gallery.Visibility.values.index(visibility)]


@pytest.fixture
def people(db):
    fill_groups()
    roles = ("member", "operator", "photographer", "moderator", "superuser")
    return {
        "no role": person(),
        **{role: person(role) for role in roles},
        "owner of the photo": person("photographer"),
        "owner of the gallery": person("photographer"),
    }


@pytest.fixture
def photo(people, sent):
    gallery = Gallery.objects.create(name="Camp", owner=people["owner of the gallery"])
    photo = ready_row(gallery, 1, owner=people["owner of the photo"])
    for variant in ("original", "preview", "thumbnail"):
        default_storage.save(photo.file_of(variant).name, ContentFile(b"bytes"))
    photo.save()
    return photo


def ask(client, action, photo):
    """The status of the answer; of the list, whether the gallery is in it."""
    gallery = f"/api/galleries/{photo.gallery.slug}/"
    one = f"/api/photos/{photo.pk}/"
    if action == "list":
        galleries = client.get("/api/galleries/").json()["results"]
        return 200 if galleries else 404
    answer = {
        "page": lambda: client.get(f"/galleries/{photo.gallery.slug}/"),
        "gallery": lambda: client.get(gallery),
        "photos": lambda: client.get(f"{gallery}photos/"),
        "changes": lambda: client.get(f"{gallery}changes/"),
        "photo": lambda: client.get(one),
        "original": lambda: client.get(f"/media/photos/{photo.pk}/original"),
        "thumbnail": lambda: client.get(
            f"/media/photos/{photo.pk}/thumbnail", follow=True
        ),
        "upload": lambda: client.post(
            f"{gallery}photos/", {"files": SimpleUploadedFile("a.jpg", jpeg(64, 48))}
        ),
        "zip": lambda: client.get(f"/galleries/{photo.gallery.slug}/download/"),
        "zip by a worker": lambda: client.post(f"{gallery}downloads/"),
        "upload in chunks": lambda: client.post(
            f"{gallery}uploads/",
            headers={
                "Tus-Resumable": "1.0.0",
                "Upload-Length": "5",
                "Upload-Metadata": "filename YS5qcGc=",
            },
        ),
        "edit gallery": lambda: patch(client, gallery, {"name": "Lake"}),
        "delete gallery": lambda: client.delete(gallery),
        "edit photo": lambda: patch(client, one, {"caption": "Lake"}),
        "delete photo": lambda: client.delete(one),
    }[action]()
    if answer.streaming:
        b"".join(answer.streaming_content)
    return answer.status_code


def patch(client, url, facts):
    return client.patch(url, facts, content_type="application/json")


def expected(role, visibility, action):
    may = allowed(role, visibility)
    if ACTIONS[action] in may:
        return {200, 201, 202, 204}
    if "s" in may:
        return {401, 403} if role == "anonymous" else {403}
    if role == "anonymous" and action == "upload in chunks":
        return {401}  # before anything is looked up
    if role == "anonymous" and action in {"page", "original", "thumbnail", "zip"}:
        return {302, 401, 403, 404}  # to the sign-in page, perhaps
    return {404}


def everything():
    photos = Photo.objects.values_list("pk", "caption")
    uploads = Upload.objects.values_list("pk")
    return [*Gallery.objects.values_list("pk", "name"), *photos, *uploads]


def asked(client, action, photo):
    """The answer's status, and whether anything has changed; then it is as before."""
    try:
        with transaction.atomic():
            before = everything()
            status = ask(client, action, photo)
            has_changed = everything() != before
            raise Undone
    except Undone:
        return status, has_changed


class Undone(Exception):
    pass


@pytest.mark.parametrize(("role", "visibility"), CASES)
def test_who_may_what(client, people, photo, role, visibility):
    Gallery.objects.update(visibility=visibility)
    if role != "anonymous":
        client.force_login(people[role])

    answers = {action: asked(client, action, photo) for action in ACTIONS}

    wrong = {
        action: status
        for action, (status, has_changed) in answers.items()
        if status not in expected(role, visibility, action)
        or has_changed != (action in CHANGES and status < 300)
    }
    assert not wrong


@pytest.mark.parametrize(("role", "visibility"), CASES)
def test_what_is_said_of_a_row_is_what_the_query_says(people, photo, role, visibility):
    Gallery.objects.update(visibility=visibility)
    user = people.get(role, AnonymousUser())
    photo.gallery.refresh_from_db()
    rights = Rights.of(user)
    may = allowed(role, visibility)

    edits_photo = Photo.objects.visible_to(user) & Photo.objects.editable_by(user)
    edits_gallery = Gallery.objects.editable_by(user).exists()
    assert edits_photo.exists() == ("p" in may)
    assert edits_gallery == ("g" in may)
    assert Gallery.objects.open_to(user).exists() == ("u" in may)
    assert Photo.objects.visible_to(user).exists() == ("s" in may)
    assert rights.may_edit_gallery(photo.gallery) == edits_gallery
    by_query = Photo.objects.editable_by(user).exists()
    assert rights.may_edit_photo(photo, gallery=photo.gallery) == by_query


def test_whoever_lost_the_role_still_sees_what_is_theirs_and_changes_nothing(
    client, people, photo
):
    owner = people["owner of the gallery"]
    owner.groups.clear()
    Gallery.objects.update(visibility="private")
    client.force_login(owner)

    assert ask(client, "gallery", photo) == 200
    assert ask(client, "edit gallery", photo) == 403
    assert ask(client, "upload", photo) == 403


def test_a_refusal_says_whose_it_is(client, people, photo):
    Gallery.objects.update(visibility="public")
    addresses = (f"/api/galleries/{photo.gallery.slug}/", f"/api/photos/{photo.pk}/")

    def refusals():
        return [client.delete(address).json()["code"] for address in addresses]

    assert refusals() == ["not_authenticated", "not_authenticated"]
    client.force_login(people["member"])
    assert refusals() == ["not_your_gallery", "not_your_photo"]
