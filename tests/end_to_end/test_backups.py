"""./google_storage.sh against the stack: what was lost comes back, byte for byte."""

import json
from contextlib import contextmanager
from threading import Event, Thread
from urllib.parse import urlsplit

from photos import jpeg
from visitor import facts_of
from waiting import wait_until

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
    with visiting(stack, admin, f"/galleries/{gallery}/") as answers:
        storage(stack, "-r", url, "--yes")
        wait_until(lambda: 200 in answers, within=30, what="the page is back")

    # Before the swap the page has no photos to show; nothing of it is the swap's.
    assert {200, 500, 503} >= set(answers[: answers.index(200)])
    assert {200, 503} >= set(answers[answers.index(200) :]), answers
    stack.wait_until_ready()
    assert facts_of(admin.photos(gallery)) == facts_of(before)
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
    assert facts_of(admin.photos(gallery)) == facts_of(before)


def test_a_restore_without_a_terminal_needs_yes(stack):
    done = storage(stack, "-r", "latest", check=False)

    assert done.returncode != 0, done.stdout
    assert "--yes" in done.stderr, done.stderr


def test_the_last_restore_is_undone(stack, admin, gallery):
    admin.upload(gallery, {"first.jpg": jpeg(seed=36)})
    admin.ready_photos(gallery)
    storage(stack, "-b")
    admin.upload(gallery, {"later.jpg": jpeg(seed=37)})
    before = admin.ready_photos(gallery)
    later = before["later.jpg"]["original_url"]
    content = admin.bytes_of(later)

    with visiting(stack, admin, f"/galleries/{gallery}/") as answers:
        storage(stack, "-r", "latest", "--yes")
        assert set(admin.photos(gallery)) == {"first.jpg"}
        assert admin.get(later).status_code == 404
        storage(stack, "-u", "--yes")

    assert {200, 503} >= set(answers)
    assert facts_of(admin.photos(gallery)) == facts_of(before)
    assert admin.bytes_of(later) == content


def test_the_drill_proves_the_newest_backup(stack, admin, gallery):
    storage(stack, "-b")
    databases = stack.sql("SELECT count(*) FROM pg_database")

    said = storage(stack, "-d").stdout

    newest = json.loads(storage(stack, "-l", "--json").stdout)[0]
    assert f"{newest['url']} was restored and compared" in said
    assert newest["proof"]["rows"] == sum(newest["database"]["rows"].values())
    assert stack.sql("SELECT count(*) FROM pg_database") <= databases
    assert "live.drill" not in stack.inside("cron", "ls", "/media")


def test_all_backups_are_read_and_right(stack):
    storage(stack, "-b")
    assert "All is as it was stored" in storage(stack, "-v", "--all").stdout


def test_pruning_shows_first_and_takes_nothing_that_is_kept(stack):
    storage(stack, "-b")
    urls = {one["url"] for one in json.loads(storage(stack, "-l", "--json").stdout)}

    storage(stack, "-p", "--yes")

    left = {one["url"] for one in json.loads(storage(stack, "-l", "--json").stdout)}
    assert max(urls) in left
    assert left <= urls


@contextmanager
def visiting(stack, person, path: str):
    """Somebody looks at `path` again and again; yields the list of the answers."""
    answers, done = [], Event()

    def look():
        while not done.is_set() and len(answers) < 5_000:
            answers.append(person.get(path).status_code)

    thread = Thread(target=look)
    thread.start()
    try:
        yield answers
    finally:
        done.set()
        thread.join()
