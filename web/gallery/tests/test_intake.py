from datetime import UTC, datetime

import pytest
from celery import current_app
from django.conf import settings
from django.db import IntegrityError
from django.utils import timezone
from django.utils.timezone import get_default_timezone
from kombu.exceptions import OperationalError
from PIL import Image

from gallery.models import Gallery, Photo
from gallery.photo_import import accept_uploads, clean_name
from gallery.tests.photos import encoded, jpeg, picture, png_header, zip_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def accept(gallery, photographer, upload, sent, django_capture_on_commit_callbacks):
    def accept(files: dict[str, bytes]):
        uploads = [upload(name, content) for name, content in files.items()]
        with django_capture_on_commit_callbacks(execute=True):
            results = accept_uploads(
                gallery, uploads, owner=photographer, now=timezone.now()
            )
        return {result.name: result for result in results}

    return accept


def test_a_photo_is_stored_as_it_came_and_queued(accept, sent):
    content = jpeg(800, 600, orientation=6, gps=True)

    result = accept({"beach.jpg": content})["beach.jpg"]

    photo = Photo.objects.get()
    assert result.status == "accepted"
    with photo.original.open() as file:
        assert file.read() == content
    assert (photo.width, photo.height) == (600, 800)
    assert photo.state == Photo.State.WAITING
    assert sent == [str(photo.pk)]


def test_bad_files_are_named_and_the_rest_succeeds(accept, sent):
    good = jpeg(seed=1)
    results = accept(
        {
            "one.jpg": good,
            "text.jpg": b"this is no photo",
            "empty.jpg": b"",
            "huge.png": png_header(60_000, 60_000),
            "two.jpg": jpeg(seed=2),
            "again.jpg": good,
        }
    )

    assert {name: result.code for name, result in results.items()} == {
        "one.jpg": "accepted",
        "text.jpg": "not_an_image",
        "empty.jpg": "empty",
        "huge.png": "too_many_pixels",
        "two.jpg": "accepted",
        "again.jpg": "duplicate",
    }
    assert "as one.jpg" in results["again.jpg"].message
    assert "0 bytes" in results["empty.jpg"].message
    assert Photo.objects.count() == len(sent) == 2


def test_an_upload_over_the_limit_is_refused(accept, settings):
    settings.UPLOAD_LIMIT_MB = 1
    content = jpeg() + b"\0" * 1024 * 1024

    result = accept({"large.jpg": content})["large.jpg"]

    assert result.code == "too_large"
    assert "1.0 MB; at most 1 MB" in result.message


def test_a_wrong_ending_is_told_and_the_photo_kept_as_what_it_is(accept):
    result = accept({"drawing.jpg": encoded(picture(), "PNG")})["drawing.jpg"]

    photo = Photo.objects.get()
    assert result.status == "accepted"
    assert "ends in .jpg, but it is a PNG" in result.message
    assert photo.original.name.endswith(".png")
    assert photo.content_type == "image/png"


def test_a_long_name_with_emoji_is_shortened_and_told(accept):
    name = "🏖️" * 100 + "é" * 100 + ".jpg"

    (result,) = accept({name: jpeg()}).values()

    assert result.status == "accepted"
    assert len(result.name) <= 200
    assert result.name.startswith("🏖️")
    assert result.name.endswith("….jpg")
    assert "shortened" in result.message


def test_names_lose_folders_and_control_characters():
    assert clean_name("../../etc/pass\0wd.jpg") == "passwd.jpg"
    assert clean_name("C:\\photos\\a\nb.jpg") == "a b.jpg"
    assert clean_name("gpj.\u202eexe.jpg") == "gpj.exe.jpg"
    assert clean_name("") == "unnamed"


def test_a_zip_is_unpacked_and_its_bad_members_are_named(accept, sent):
    content = zip_of(
        {
            "camp/one.jpg": jpeg(seed=1),
            "camp/two.jpg": jpeg(seed=2),
            "../../outside.jpg": jpeg(seed=3),
            "inner.zip": zip_of({"x.jpg": jpeg(seed=4)}),
            "notes.txt": b"hello",
            "nothing.jpg": b"",
            "__MACOSX/._one.jpg": b"x",
            ".DS_Store": b"x",
            "camp/": b"",
        }
    )

    results = accept({"camp.zip": content})

    assert {name: result.code for name, result in results.items()} == {
        "one.jpg": "accepted",
        "two.jpg": "accepted",
        "outside.jpg": "unsafe_path",
        "inner.zip": "zip_in_zip",
        "camp.zip": "passed_over",
        "nothing.jpg": "empty",
    }
    assert len(sent) == 2
    stored = list(settings.MEDIA_ROOT.parent.rglob("*.jpg"))
    assert len(stored) == 2
    assert not list(settings.MEDIA_ROOT.parent.parent.glob("outside.jpg"))


def test_a_zip_bomb_is_left_out_without_unpacking_it(accept):
    bomb = zip_of({"a.jpg": b"\0" * 30_000_000, "b.jpg": jpeg()}, compress=True)

    results = accept({"bomb.zip": bomb})

    assert results["a.jpg"].code == "zip_bomb"
    assert results["b.jpg"].code == "accepted"


def test_a_zip_that_unpacks_to_too_much_is_refused_as_a_whole(accept, settings):
    settings.UPLOAD_LIMIT_MB = 1
    # 12 members of 0.9 MB that a liar's zip stores as next to nothing
    members = {f"{n}.jpg": b"\0" * 900_000 for n in range(12)}

    results = accept({"many.zip": zip_of(members, compress=True)})

    assert [result.code for result in results.values()] == ["zip_bomb"]
    assert "at most 10 MB" in results["many.zip"].message


def test_a_damaged_zip_is_refused(accept):
    content = zip_of({"one.jpg": jpeg()})

    results = accept({"cut.zip": content[:-40], "none.zip": zip_of({})})

    assert {result.code for result in results.values()} == {"damaged_zip"}


def test_a_member_with_a_wrong_checksum_is_named(accept):
    content = bytearray(zip_of({"one.jpg": jpeg(seed=1), "two.jpg": jpeg(seed=2)}))
    content[200] ^= 0xFF

    results = accept({"flipped.zip": bytes(content)})

    assert results["one.jpg"].code == "damaged_zip"
    assert results["two.jpg"].code == "accepted"


def test_a_broker_that_is_down_loses_no_photo(
    gallery, photographer, upload, monkeypatch, django_capture_on_commit_callbacks
):
    def refuse(*_args, **_options):
        raise OperationalError("Error 111 connecting to redis:6379.")

    monkeypatch.setattr(current_app, "send_task", refuse)
    with django_capture_on_commit_callbacks(execute=True):
        (result,) = accept_uploads(
            gallery, [upload("a.jpg", jpeg())], owner=photographer, now=timezone.now()
        )

    assert result.status == "accepted"
    assert Photo.objects.get().state == Photo.State.WAITING


def exif_of(taken, offset=""):
    exif = Image.Exif()
    exif[0x010F], exif[0x0110] = "Canon", "Canon EOS R5"
    exif.get_ifd(0x8769).update({0x9003: taken, 0x9011: offset})
    return exif.tobytes()


def test_a_photo_knows_when_and_by_what_it_was_taken(accept):
    content = encoded(picture(), "JPEG", exif=exif_of("2026:07:04 14:30:05", "+02:00"))

    accept({"lake.jpg": content})

    photo = Photo.objects.get()
    assert photo.camera == "Canon EOS R5"
    assert photo.taken_at == datetime(2026, 7, 4, 12, 30, 5, tzinfo=UTC)
    assert photo.position // 1_000_000 == photo.taken_at.timestamp()


def test_the_site_s_zone_counts_where_the_camera_names_none(accept, settings):
    settings.TIME_ZONE = "Europe/Paris"
    get_default_timezone.cache_clear()
    content = encoded(picture(), "JPEG", exif=exif_of("2026:07:04 14:30:05"))

    accept({"lake.jpg": content})

    taken_at = Photo.objects.get().taken_at
    assert taken_at == datetime(2026, 7, 4, 12, 30, 5, tzinfo=UTC)


def test_a_camera_whose_clock_is_wrong_is_not_believed(accept):
    content = encoded(picture(), "JPEG", exif=exif_of("2099:07:04 14:30:05"))

    accept({"lake.jpg": content})

    photo = Photo.objects.get()
    assert photo.taken_at is None
    assert photo.position == photo.uploaded_at.timestamp() * 1_000_000


def test_photos_stand_in_the_order_in_which_they_were_taken_or_sent(accept):
    dated = {
        f"{day}.jpg": encoded(
            picture(seed=day), "JPEG", exif=exif_of(f"2026:07:{day:02} 12:00:00")
        )
        for day in (3, 1, 2)
    }
    undated = {f"sent-{n}.jpg": jpeg(seed=10 + n) for n in range(6)}
    zipped = {f"z{n}.jpg": jpeg(seed=20 + n) for n in range(6)}

    accept({**undated, **dated, "camp.zip": zip_of(zipped)})

    names = list(Photo.objects.values_list("name", flat=True))
    assert names == ["1.jpg", "2.jpg", "3.jpg", *undated, *zipped]


def test_a_gallery_that_was_deleted_meanwhile_takes_nothing(
    gallery, photographer, upload, monkeypatch
):
    def delete_first(*_args, **_options):
        Gallery.objects.filter(pk=gallery.pk).delete()
        raise IntegrityError

    monkeypatch.setattr(Photo, "save", delete_first)

    (result,) = accept_uploads(
        gallery, [upload("a.jpg", jpeg())], owner=photographer, now=timezone.now()
    )

    assert (result.status, result.code) == ("rejected", "refused")
    assert not list(settings.MEDIA_ROOT.rglob("*.jpg"))
