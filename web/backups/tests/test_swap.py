import psycopg2
import pytest

from backups.exceptions import RestoreFailed
from backups.places import Places, create_database, drop_database
from backups.swap import swap
from backups.tests.conftest import NEXT_NIGHT, execute, picture


@pytest.fixture
def ready_to_swap(site, backup):
    """New database and folder beside the live ones, each with a mark in it."""
    places = Places.at(NEXT_NIGHT, database=site.database, media=site.media_root)
    create_database(places.new_database)
    execute(places.new_database, "CREATE TABLE mark ()")
    places.new_media.mkdir()
    return places


def test_a_swap_that_fails_at_the_folders_is_taken_back(ready_to_swap):
    places = ready_to_swap
    places.new_media.rmdir()
    files = picture(places.media)
    with pytest.raises(RestoreFailed, match="taken back"):
        swap(places)
    assert picture(places.media) == files
    assert execute(places.database, "SELECT count(*) FROM photo") == [(500,)]
    assert execute(places.new_database, "SELECT * FROM mark") == []


def test_a_swap_that_fails_at_the_commit_is_taken_back(ready_to_swap, monkeypatch):
    places = ready_to_swap
    files = picture(places.media)

    class Broken(psycopg2.extensions.connection):
        def commit(self):
            raise psycopg2.OperationalError("server closed the connection")

    connect = psycopg2.connect
    monkeypatch.setattr(
        "backups.postgres.psycopg2.connect",
        lambda **words: connect(**words, connection_factory=Broken),
    )
    with pytest.raises(RestoreFailed, match="server closed"):
        swap(places)
    monkeypatch.undo()
    assert picture(places.media) == files
    assert places.new_media.is_dir()
    assert execute(places.database, "SELECT count(*) FROM photo") == [(500,)]
    assert execute(places.new_database, "SELECT * FROM mark") == []


def test_a_swap_without_the_new_database_is_taken_back(ready_to_swap):
    places = ready_to_swap
    drop_database(places.new_database)
    files = picture(places.media)
    with pytest.raises(RestoreFailed, match="does not exist"):
        swap(places)
    assert picture(places.media) == files
    assert execute(places.database, "SELECT count(*) FROM photo") == [(500,)]
