from collections import Counter
from functools import cache

import pytest
from django.conf import settings
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command

from accounts.models import User
from gallery.demo import fill as demo
from gallery.demo.photos import DemoPhoto
from gallery.models import Gallery, Photo

pytestmark = pytest.mark.django_db


content_of = cache(DemoPhoto.content)


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    """Tiny photos, and no broker; what is tested is what becomes of them."""
    monkeypatch.setattr("gallery.demo.photos.SHAPES", ((96, 64), (64, 48)))
    monkeypatch.setattr(DemoPhoto, "content", content_of)
    monkeypatch.setattr("gallery.photo_import.enqueue", lambda photo: True)
    settings.MEDIA_ROOT.mkdir(parents=True, exist_ok=True)


def run(capsys):
    call_command("setup_project")
    return capsys.readouterr().out


def test_the_site_is_filled_with_people_galleries_and_photos(client, capsys):
    output = run(capsys)

    assert "Made 4 people, 6 galleries and 60 photos" in output
    assert Photo.objects.count() == 60
    assert Counter(Gallery.objects.values_list("visibility", flat=True)) == {
        "public": 2,
        "members": 3,
        "private": 1,
    }
    for role in ("member", "photographer", "moderator", "operator"):
        person = User.objects.get(email=f"{role}@example.com")
        assert [group.name for group in person.groups.all()] == [role]
        (line,) = [
            line for line in output.splitlines() if line.startswith(person.email)
        ]
        assert person.check_password(line.split()[1])


def test_photos_are_as_cameras_make_them(capsys):
    run(capsys)

    photos = list(Photo.objects.select_related("gallery"))
    assert all(photo.camera and photo.taken_at for photo in photos)
    days = {photo.taken_at.date() - photo.gallery.event_date for photo in photos}
    assert len(days) == 1, "each was taken on the day of its event"
    assert len({photo.content_type for photo in photos}) == 4
    assert {photo.width > photo.height for photo in photos} == {True, False}
    assert all(default_storage.exists(photo.original.name) for photo in photos)
    assert any(photo.caption for photo in photos)


def test_a_second_run_changes_nothing_and_says_so(capsys):
    run(capsys)
    before = list(Photo.objects.values_list("pk", "updated_at"))

    assert run(capsys) == "Everything is there already; nothing was changed.\n"
    assert list(Photo.objects.values_list("pk", "updated_at")) == before


def test_only_what_is_missing_is_made(capsys):
    run(capsys)
    Photo.objects.filter(gallery__name="Night walk").delete()
    User.objects.get(email="member@example.com").delete()

    assert "Made 1 people, 0 galleries and 10 photos" in run(capsys)


def test_it_is_refused_in_prod(settings):
    settings.ENVIRONMENT = "prod"

    with pytest.raises(CommandError, match="Nothing was changed"):
        call_command("setup_project")
    assert not User.objects.exists()


def test_a_password_may_be_given_and_is_not_printed(monkeypatch, capsys):
    monkeypatch.setenv("DEMO_PASSWORD", "silver-gelatin-1889")

    assert "silver-gelatin-1889" not in run(capsys)
    assert User.objects.get(email="member@example.com").check_password(
        "silver-gelatin-1889"
    )


def test_a_weak_password_is_refused(monkeypatch):
    monkeypatch.setenv("DEMO_PASSWORD", "12345")

    with pytest.raises(CommandError, match="DEMO_PASSWORD cannot be taken"):
        call_command("setup_project")


def test_all_names_differ_and_there_are_sixty():
    first, names = 0, []
    for wanted in demo.GALLERIES:
        photos = demo.missing_photos(Gallery(pk=1), wanted, first=first)
        names += [photo.name for photo in photos]
        first += wanted.count

    assert len(set(names)) == 60
