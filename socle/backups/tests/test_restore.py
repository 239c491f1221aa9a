import threading
import time

import pytest

from socle.backups.exceptions import (
    AlreadyRunning,
)
from socle.backups.postgres.snapshot import snapshot
from socle.backups.restore.restore_targets import (
    RestoreTargets,
    create_database,
    databases_of,
    drop_database,
    folders_of,
)
from socle.backups.runs.run_locks import only_one
from socle.backups.tests.conftest import (
    FINGERPRINT,
    NEXT_NIGHT,
    NIGHT,
    ROWS,
    execute,
    picture,
)


def test_a_dropped_table_and_a_deleted_photo_come_back(site, backup, restore):
    files, rows = picture(site.media_root), execute(site.database, FINGERPRINT)
    execute(site.database, "DROP TABLE photo CASCADE")
    (site.media_root / "photos" / "one.jpg").unlink()
    (site.media_root / "photos" / "é ☃" / "new\nline.jpg").write_bytes(b"changed")

    restore(backup)

    assert picture(site.media_root) == files
    assert execute(site.database, FINGERPRINT) == rows
    with snapshot(site.database) as view:
        assert view.count_rows() == ROWS


def test_the_previous_database_and_media_are_kept(site, backup, restore):
    execute(site.database, "INSERT INTO other.photo VALUES (42)")
    (site.media_root / "late").write_bytes(b"late")
    places = restore(backup)
    assert execute(places.old_database, "SELECT id FROM other.photo") == [(42,)]
    assert (places.old_media / "late").read_bytes() == b"late"
    assert execute(site.database, "SELECT id FROM other.photo") == []


def test_only_one_previous_state_is_kept(site, backup, restore):
    restore(backup)
    places = restore(backup, now=NEXT_NIGHT.replace(hour=4))
    assert databases_of(site.database, kind="before") == [places.old_database]
    assert folders_of(site.media_root, kind="before") == [places.old_media]


def test_what_a_killed_restore_left_is_cleared(site, backup, restore):
    killed = RestoreTargets.at(NIGHT, database=site.database, media=site.media_root)
    create_database(killed.new_database)
    (killed.new_media / "half").mkdir(parents=True)
    restore(backup)
    assert databases_of(site.database, kind="restore") == []
    assert folders_of(site.media_root, kind="restore") == []


def test_others_of_a_similar_name_are_left_alone(site, backup, restore):
    similar = site.database.named(f"{site.database.name}_before_christmas")
    create_database(similar)
    folder = site.media_root.with_name("live.before_christmas")
    folder.mkdir()
    try:
        restore(backup)
        assert execute(similar, "SELECT 1") == [(1,)]
        assert folder.is_dir()
    finally:
        drop_database(similar)


def test_a_restore_works_while_others_are_connected_and_reconnect(
    site, backup, restore
):
    """As web and worker do: they come back as soon as they are thrown out."""
    execute(site.database, "INSERT INTO other.photo VALUES (42)")
    done, answers, problems = threading.Event(), [], []

    def keep_asking():
        while not done.is_set():
            try:
                with (
                    site.database.connect() as connection,
                    connection.cursor() as cursor,
                ):
                    while not done.is_set():
                        cursor.execute("SELECT count(*) FROM other.photo")
                        answers.append(cursor.fetchone()[0])
                        time.sleep(0.005)
            except Exception as error:
                problems.append(str(error))  # not its traceback, with all it holds
                time.sleep(0.005)

    clients = [threading.Thread(target=keep_asking) for _ in range(4)]
    for client in clients:
        client.start()
    try:
        restore(backup)
        ends_at = time.monotonic() + 30
        while answers[-1] != 0 and time.monotonic() < ends_at:
            time.sleep(0.01)
    finally:
        done.set()
        for client in clients:
            client.join()
    assert set(answers) == {0, 1}
    assert answers[-1] == 0
    # Thrown out a few times each; locked out, they would fail some 400 times a second.
    assert len(problems) < 100


def test_a_restore_brings_back_a_database_that_is_gone(site, backup, restore):
    drop_database(site.database)
    places = restore(backup)
    assert execute(site.database, "SELECT count(*) FROM photo") == [(500,)]
    assert databases_of(site.database, kind="before") == []
    assert places.old_media.is_dir()


def test_a_restore_brings_back_media_that_are_gone(site, backup, restore):
    files = picture(site.media_root)
    site.media_root.rename(site.media_root.with_name("lost"))
    restore(backup)
    assert picture(site.media_root) == files


def test_a_restore_waits_for_no_other_run(site, backup, restore, untouched):
    with (
        untouched(),
        only_one(site.database, purpose="backup"),
        pytest.raises(AlreadyRunning, match="backup on"),
    ):
        restore(backup)
