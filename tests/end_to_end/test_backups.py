"""./google_storage.sh against the stack: what was lost comes back, byte for byte."""

import json
from urllib.parse import urlsplit

from photos import jpeg

MINUTES_3 = 180


def storage(stack, *arguments: str, **options):
    return stack.run("./google_storage.sh", *arguments, timeout=MINUTES_3, **options)


def test_the_bucket_can_be_written(stack):
    done = storage(stack, "-a")

    assert "gs://socle-backups" in done.stdout + done.stderr


def test_a_dropped_table_and_a_deleted_photo_come_back(stack, admin, gallery):
    content = {f"kept{seed}.jpg": jpeg(1600, 1200, seed=seed) for seed in (31, 32, 33)}
    admin.upload(gallery, content)
    before = admin.ready_photos(gallery)
    previews = {
        name: admin.bytes_of(one["preview_url"]) for name, one in before.items()
    }

    storage(stack, "-b")
    url = newest_backup(stack)
    lose_photos(stack, before["kept31.jpg"]["id"])
    assert admin.get(f"/api/galleries/{gallery}/photos/").status_code == 500
    storage(stack, "-r", url, "--yes")

    stack.wait_until_ready()
    assert admin.photos(gallery) == before
    for name, photo in before.items():
        assert admin.bytes_of(photo["original_url"]) == content[name], name
        assert admin.bytes_of(photo["preview_url"]) == previews[name], name
    admin.upload(gallery, {"new.jpg": jpeg(seed=34)})
    assert admin.ready_photos(gallery)["new.jpg"]["state"] == "ready"


def newest_backup(stack) -> str:
    """Its URL, which the table for people and the list for scripts agree on."""
    listed = json.loads(storage(stack, "-l", "--json").stdout)
    url = listed[0]["url"]
    assert urlsplit(url).scheme == "gs"
    table = storage(stack, "-l").stdout
    assert url in table, table
    assert "Database" in table, table
    return url


def lose_photos(stack, photo_id: str) -> None:
    stack.sql("DROP TABLE gallery_photo CASCADE")
    folder = f"/media/live/photos/{photo_id[:2]}/{photo_id}"
    stack.inside("web", "rm", f"{folder}/original.jpg", f"{folder}/preview.webp")


def test_a_wrong_address_changes_nothing(stack, admin, gallery):
    admin.upload(gallery, {"one.jpg": jpeg(seed=35)})
    before = admin.ready_photos(gallery)

    url = "gs://socle-backups/socletest/local/backups/2001-01-01T00-00-00Z"
    done = storage(stack, "-r", url, "--yes", check=False)

    assert done.returncode == 1, done.stderr
    assert url in done.stderr
    assert admin.photos(gallery) == before


def test_a_restore_without_a_terminal_needs_yes(stack):
    done = storage(stack, "-r", "latest", check=False)

    assert done.returncode != 0, done.stdout
    assert "--yes" in done.stderr, done.stderr
