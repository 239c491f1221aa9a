"""What the night tells of a database that would not come back as it is."""

import pytest

from socle.backups.format.listing import list_backups
from socle.backups.postgres.catalog_warnings import catalog_warnings
from socle.backups.services import take_backup
from socle.backups.tests.conftest import NIGHT, QUIET, execute
from socle.backups.tests.test_any_database import BY_SEARCH_PATH, ORPHANS, SUBSCRIPTION

CASES = {
    "a foreign key without its triggers": (
        ORPHANS + "ALTER TABLE book DISABLE TRIGGER ALL;",
        "The foreign key book_author_id_fkey of book is not watched",
    ),
    "an index that is not valid": (
        "CREATE INDEX half ON photo (name);"
        "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'half'::regclass;",
        "The index half is not valid",
    ),
    "a constraint that is not valid": (
        "ALTER TABLE photo ADD CONSTRAINT short CHECK (length(name) < 5) NOT VALID;",
        "The constraint short of photo is NOT VALID",
    ),
    "a subscription": (SUBSCRIPTION, 'The subscription "From elsewhere" comes back'),
    "a collation of another library": (
        "CREATE COLLATION letters (provider = builtin, locale = 'C.UTF-8');"
        "CREATE TABLE word (word text COLLATE letters PRIMARY KEY);"
        "UPDATE pg_collation SET collversion = '1.0' WHERE collname = 'letters';",
        "The collation letters was sorted by another version",
    ),
    "a matview of a function by search_path": (
        "CREATE FUNCTION photos() RETURNS bigint LANGUAGE sql STABLE"
        " AS 'SELECT count(*) FROM photo';"
        "CREATE MATERIALIZED VIEW many AS SELECT public.photos() WITH NO DATA;",
        "ALTER FUNCTION public.photos() SET search_path = other, public, pg_temp;",
    ),
}


def test_a_sound_database_is_told_nothing_of(site, backup):
    assert backup.record.database.warnings == []


def test_djangos_own_database_is_told_nothing_of(django_site):
    assert catalog_warnings(django_site.database) == []


@pytest.mark.parametrize(("objects", "words"), CASES.values(), ids=CASES)
def test_what_a_restore_would_stumble_over_is_told(site, objects, words):
    execute(site.database, objects)
    (warning,) = catalog_warnings(site.database)
    assert words in warning


def test_functions_by_search_path_are_told_until_they_are_mended(site):
    execute(site.database, BY_SEARCH_PATH)
    warnings = catalog_warnings(site.database)
    assert [words.split("(")[0] for words in warnings] == [
        "The function public.slug_in_sql",
        "The function public.slug_of",
    ]
    for words in warnings:
        execute(site.database, words.split(" Run: ")[1])
    assert catalog_warnings(site.database) == []


def test_a_function_that_says_where_is_not_told_of(site):
    execute(
        site.database,
        """CREATE FUNCTION photo_of(a text) RETURNS text IMMUTABLE LANGUAGE sql AS $$
            -- FROM photo, photo_of(x)
            SELECT lower(a) || 'FROM photo' FROM (SELECT 1 AS photo) AS sub,
                public.parent $$;
        CREATE INDEX of_name ON photo (public.photo_of(name));""",
    )
    assert catalog_warnings(site.database) == []


def test_the_record_keeps_what_was_told(site, store):
    execute(site.database, SUBSCRIPTION)
    take_backup(site, store=store, now=NIGHT, progress=QUIET)
    (backup,) = list_backups(store, shelf=site.shelf).backups
    assert "From elsewhere" in backup.record.database.warnings[0]


def test_a_backup_tells_it_and_succeeds(manage, site):
    execute(site.database, SUBSCRIPTION)
    status, out, err = manage("backup")
    assert status == 0
    assert 'Note: The subscription "From elsewhere" comes back disabled' in err
