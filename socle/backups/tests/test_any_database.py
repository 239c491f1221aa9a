"""Databases whose dumps a plain pg_restore does not bring back."""

import os
import re
import subprocess
from uuid import uuid4

import pytest

from socle.backups.exceptions import RestoreFailed
from socle.backups.progress import Progress
from socle.backups.restore.restore_targets import databases_of
from socle.backups.restore.run_restore import Choices, restore_backup
from socle.backups.runs.drill import drill
from socle.backups.services import take_backup
from socle.backups.swap.undo_copies import forget, undo_restore
from socle.backups.tests.conftest import NEXT_NIGHT, NIGHT, QUIET, execute

ORPHANS = """
    CREATE TABLE author (id int PRIMARY KEY);
    CREATE TABLE book (id int PRIMARY KEY, author_id int NOT NULL REFERENCES author);
    INSERT INTO author VALUES (1);
    SET session_replication_role = replica;
    INSERT INTO book VALUES (1, 1), (2, 99), (3, 98);
"""
DOUBLED_KEYS = """
    CREATE TABLE tag (id int PRIMARY KEY, name text NOT NULL);
    CREATE INDEX tag_name ON tag (lower(name)) WHERE id < 100;
    INSERT INTO tag VALUES (1, 'été'), (2, 'Été'), (3, 'mer');
    UPDATE pg_index SET indisunique = true WHERE indexrelid = 'tag_name'::regclass;
"""
DOUBLED_IDS = """
    CREATE TABLE place (id int NOT NULL);
    CREATE TABLE visitor (place int);
    ALTER TABLE place ADD CONSTRAINT place_key UNIQUE (id);
    ALTER TABLE visitor ADD CONSTRAINT visitor_place FOREIGN KEY (place)
        REFERENCES place (id);
    UPDATE pg_index SET indisunique = false, indisready = false
        WHERE indexrelid = 'place_key'::regclass;
    INSERT INTO place VALUES (7), (7);
    UPDATE pg_index SET indisunique = true, indisready = true
        WHERE indexrelid = 'place_key'::regclass;
"""
BROKEN_CHECK = """
    CREATE TABLE price (id int PRIMARY KEY, euros int,
        CONSTRAINT "not free" CHECK (euros > 0) NOT VALID);
    COMMENT ON CONSTRAINT "not free" ON price IS 'since 2020';
    ALTER TABLE price DROP CONSTRAINT "not free";
    INSERT INTO price VALUES (1, -1), (2, 5);
    ALTER TABLE price ADD CONSTRAINT "not free" CHECK (euros > 0) NOT VALID;
    COMMENT ON CONSTRAINT "not free" ON price IS 'since 2020';
    UPDATE pg_constraint SET convalidated = true WHERE conname = 'not free';
"""
OVERLAPS = """
    CREATE TABLE stay (id int, during int4range,
        CONSTRAINT "one ""at"" a time" EXCLUDE USING gist (during WITH &&));
    UPDATE pg_index SET indisexclusion = false, indisready = false
        WHERE indexrelid = '"one ""at"" a time"'::regclass;
    INSERT INTO stay VALUES (1, '[1,5)'), (2, '[2,6)'), (3, '[8,9)');
    UPDATE pg_index SET indisexclusion = true, indisready = true
        WHERE indexrelid = '"one ""at"" a time"'::regclass;
"""
NOT_COMPUTED = """
    CREATE TABLE share (part int);
    CREATE INDEX "a
--b" ON share ((1 / part));
    UPDATE pg_index SET indisready = false, indisvalid = true
        WHERE indrelid = 'share'::regclass;
    INSERT INTO share VALUES (0);
    UPDATE pg_index SET indisready = true WHERE indrelid = 'share'::regclass;
    CREATE MATERIALIZED VIEW total AS SELECT 1 AS one FROM share;
    CREATE OR REPLACE FUNCTION part_of(part int) RETURNS int LANGUAGE sql IMMUTABLE
        AS $$ SELECT 7 $$;
    CREATE MATERIALIZED VIEW parts AS SELECT public.part_of(part) FROM share;
    CREATE OR REPLACE FUNCTION part_of(part int) RETURNS int LANGUAGE sql IMMUTABLE
        AS $$ SELECT 7 / part $$;
"""
BY_SEARCH_PATH = """
    CREATE FUNCTION plain_letters(words text) RETURNS text IMMUTABLE LANGUAGE sql
        AS $$ SELECT translate(lower(words), 'àâéè', 'aaee') $$;
    CREATE FUNCTION slug_of(words text) RETURNS text IMMUTABLE LANGUAGE plpgsql
        AS $$ BEGIN RETURN plain_letters(words); END $$;
    CREATE FUNCTION slug_in_sql(words text) RETURNS text IMMUTABLE LANGUAGE sql
        AS $$ SELECT plain_letters(words) || '!' $$;
    CREATE TABLE article (title text NOT NULL,
        slug text GENERATED ALWAYS AS (slug_of(title)) STORED,
        other text GENERATED ALWAYS AS (slug_in_sql(title)) STORED,
        CHECK (slug_of(title) <> ''));
    CREATE INDEX article_slug ON article (slug_of(title));
    INSERT INTO article (title) VALUES ('Été'), ('Noël');
    CREATE MATERIALIZED VIEW slugs AS SELECT slug_of(title) FROM article WITH NO DATA;
    SET search_path = public;
"""
CHECK_OF_OTHERS = """
    CREATE TABLE zone (id int PRIMARY KEY);
    INSERT INTO zone VALUES (1);
    CREATE FUNCTION knows(wanted int) RETURNS bool LANGUAGE sql STABLE
        AS $$ SELECT EXISTS (SELECT 1 FROM public.zone WHERE id = wanted) $$;
    CREATE DOMAIN zone_id AS int CHECK (public.knows(VALUE));
    CREATE TABLE area (zone int CHECK (public.knows(zone)), again zone_id);
    CREATE TABLE areas () INHERITS (area);
    INSERT INTO area VALUES (1, 1);
    INSERT INTO areas VALUES (1, 1);
"""
EVENT_TRIGGER = """
    CREATE TABLE ddl_log (id bigint GENERATED ALWAYS AS IDENTITY, tag text);
    CREATE MATERIALIZED VIEW one AS SELECT 1 AS one;
    CREATE MATERIALIZED VIEW two AS SELECT 2 AS two;
    CREATE FUNCTION note_ddl() RETURNS event_trigger LANGUAGE plpgsql
        AS $$ BEGIN INSERT INTO public.ddl_log (tag) VALUES (tg_tag); END $$;
    CREATE EVENT TRIGGER audit ON ddl_command_end EXECUTE FUNCTION note_ddl();
    CREATE EVENT TRIGGER resting ON sql_drop EXECUTE FUNCTION note_ddl();
    ALTER EVENT TRIGGER resting DISABLE;
    COMMENT ON EVENT TRIGGER audit IS 'who did what';
    CREATE TABLE later (id int);
"""
HASHED_ENUM = """
    CREATE TYPE kind AS ENUM ('a', 'b', 'c', 'd', 'e', 'f', 'g', 'h');
    CREATE TABLE event (id int, kind kind) PARTITION BY HASH (kind);
    CREATE TABLE event_0 PARTITION OF event FOR VALUES WITH (MODULUS 2, REMAINDER 0);
    CREATE TABLE event_1 PARTITION OF event FOR VALUES WITH (MODULUS 2, REMAINDER 1)
        PARTITION BY HASH (kind);
    CREATE TABLE event_10 PARTITION OF event_1 FOR VALUES WITH (MODULUS 2, REMAINDER 0);
    CREATE TABLE event_11 PARTITION OF event_1 FOR VALUES WITH (MODULUS 2, REMAINDER 1);
    INSERT INTO event SELECT n, (enum_range(NULL::kind))[1 + n % 8]
        FROM generate_series(1, 1001) n;
"""
SUBSCRIPTION = """
    CREATE TABLE incoming (id int PRIMARY KEY);
    CREATE SUBSCRIPTION "From elsewhere"
        CONNECTION 'host=127.0.0.1 port=1 dbname=nowhere connect_timeout=2'
        PUBLICATION orders WITH (connect = false, slot_name = 'orders');
"""
WHOLE = {
    "generated columns by search_path": BY_SEARCH_PATH,
    "checks that ask other tables": CHECK_OF_OTHERS,
    "event triggers that write": EVENT_TRIGGER,
    "partitions by the hash of an enum": HASHED_ENUM,
}
BROKEN = {
    "orphans": (ORPHANS, "foreign key book_author_id_fkey of public.book", "2 rows"),
    "doubled keys": (DOUBLED_KEYS, "unique index tag_name of public.tag", "2 rows"),
    "doubled ids": (DOUBLED_IDS, "constraint place_key of public.place", "2 rows"),
    "overlaps": (
        OVERLAPS,
        'constraint one "at" a time of public.stay',
        "conflicts with key (during)=([2,6))",
    ),
    "an index and a view that cannot be computed": (
        NOT_COMPUTED,
        "index public a --b",
        "division by zero",
    ),
    "a broken check": (BROKEN_CHECK, "check not free of public.price", "1 row"),
}


@pytest.fixture(autouse=True)
def no_site_role(settings):
    """Its rights are added to a restored database, which is compared here."""
    settings.POSTGRES_SITE_USER = ""


@pytest.fixture(params=["one job", "four jobs", "streamed"])
def machine(request, monkeypatch):
    """The result depends on neither its processors nor its room."""
    jobs = 4 if request.param == "four jobs" else 1
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: set(range(jobs)))
    if request.param == "streamed":
        monkeypatch.setattr("socle.backups.load.fetched_archive.SPARE_BYTES", 10**18)


@pytest.fixture
def take(site, store):
    return lambda: take_backup(site, store=store, now=NIGHT, progress=QUIET)


@pytest.fixture
def practise(site, store):
    return lambda backup: drill(
        backup, site=site, store=store, now=NEXT_NIGHT, progress=QUIET
    )


@pytest.fixture
def restored(site, store):
    def run(backup, *, without_broken=False):
        progress = Progress()
        restore_backup(
            backup,
            site=site,
            store=store,
            now=NEXT_NIGHT,
            progress=progress,
            choices=Choices(without_broken=without_broken),
        )
        return progress.warnings

    return run


def schema_of(database):
    argv = [database.tool("pg_dump"), "--schema-only", "--no-owner"]
    done = subprocess.run(
        argv, env=database.tool_environment(), capture_output=True, check=True
    )
    return re.sub(rb"(?m)^\\(un)?restrict .*$", b"", done.stdout).decode().splitlines()


@pytest.mark.parametrize("objects", WHOLE.values(), ids=WHOLE)
def test_all_of_it_comes_back(site, take, practise, restored, machine, objects):
    execute(site.database, objects)
    schema, backup = schema_of(site.database), take()
    practise(backup)
    restored(backup)
    assert schema_of(site.database) == schema
    undo_restore(site, now=NEXT_NIGHT, progress=QUIET)
    assert schema_of(site.database) == schema


@pytest.mark.parametrize(("objects", "named", "rows"), BROKEN.values(), ids=BROKEN)
def test_rows_that_break_a_constraint_are_named_and_come_back(
    site, take, practise, restored, machine, objects, named, rows
):
    execute(site.database, objects)
    schema, backup = schema_of(site.database), take()
    with pytest.raises(RestoreFailed) as caught:
        practise(backup)
    assert named in str(caught.value)
    assert rows in str(caught.value)
    assert f"-r {backup.url} --without-broken-constraints" in str(caught.value)
    with pytest.raises(RestoreFailed, match=re.escape(named)):
        restored(backup)
    assert schema_of(site.database) == schema

    warnings = restored(backup, without_broken=True)
    assert named in warnings[0]
    assert "When the rows are mended, run: " in warnings[0]
    undo_restore(site, now=NEXT_NIGHT, progress=QUIET)
    assert schema_of(site.database) == schema


def test_what_is_left_out_is_made_whole_by_the_words_that_were_told(
    site, take, restored
):
    execute(site.database, ORPHANS)
    execute(site.database, DOUBLED_IDS)
    schema, backup = schema_of(site.database), take()
    warnings = restored(backup, without_broken=True)
    assert len(warnings) == 3  # two foreign keys and a key that one of them needs
    execute(site.database, "DELETE FROM book WHERE author_id > 1")
    execute(site.database, "DELETE FROM place WHERE ctid = '(0,1)'")
    for words in warnings:
        execute(site.database, words.split(", run: ")[1])
    assert schema_of(site.database) == schema


def test_a_foreign_key_that_rows_break_holds_for_new_ones(site, store, take, restored):
    execute(site.database, ORPHANS)
    restored(take(), without_broken=True)
    with pytest.raises(Exception, match="book_author_id_fkey"):
        execute(site.database, "INSERT INTO book VALUES (4, 97)")
    again = take_backup(site, store=store, now=NEXT_NIGHT, progress=QUIET)
    assert restored(again) == []  # from now on every restore is a plain one


def test_an_event_trigger_is_as_it_was(site, take, restored):
    execute(site.database, EVENT_TRIGGER)
    before = execute(site.database, "SELECT tag FROM ddl_log ORDER BY id")
    restored(take())
    assert execute(site.database, "SELECT tag FROM ddl_log ORDER BY id") == before
    execute(site.database, "CREATE TABLE noted (id int)")
    assert execute(site.database, "SELECT count(*) FROM ddl_log")[0][0] == 2


def test_a_subscription_rests_and_hinders_nothing(site, take, practise, restored):
    execute(site.database, SUBSCRIPTION)
    execute(site.database, 'ALTER SUBSCRIPTION "From elsewhere" ENABLE')
    backup = take()
    practise(backup)
    assert databases_of(site.database, kind="drill") == []
    warnings = restored(backup)
    assert 'ALTER SUBSCRIPTION "From elsewhere" ENABLE;' in warnings[0]
    state = (
        "SELECT subenabled FROM pg_subscription JOIN pg_database d ON d.oid = subdbid"
    )
    mine = f"{state} WHERE datname LIKE '{site.database.name}%'"
    assert execute(site.database, mine) == [(False,), (False,)]
    forget(site, progress=QUIET)
    assert databases_of(site.database, kind="before") == []


def test_more_tables_than_the_server_has_locks_for(
    site, take, practise, restored, monkeypatch
):
    monkeypatch.setattr("socle.backups.postgres.row_counts.SHARE_OF_LOCKS", 1000)
    execute(
        site.database,
        """DO $$ BEGIN FOR n IN 1..300 LOOP
            EXECUTE format('CREATE TABLE t%s (id int PRIMARY KEY, a int UNIQUE)', n);
            EXECUTE format('INSERT INTO t%s VALUES (1), (2)', n);
        END LOOP; END $$""",
    )
    backup = take()
    assert backup.record.database.rows["public.t300"] == 2
    practise(backup)
    restored(backup)


def test_what_is_emptied_meanwhile_is_counted_as_it_is_dumped(
    site, store, practise, monkeypatch
):
    """A snapshot keeps no rows of a TRUNCATE; only a lock on the table does."""
    monkeypatch.setattr("socle.backups.postgres.row_counts.SHARE_OF_LOCKS", 10**9)

    def say(line):
        if line.startswith("Dumping"):
            execute(site.database, "TRUNCATE other.photo, visit")

    backup = take_backup(site, store=store, now=NIGHT, progress=Progress(say))
    practise(backup)


def test_a_template_can_be_dropped_as_well(site, take, restored):
    execute(site.database, f"ALTER DATABASE {site.database.name} IS_TEMPLATE true")
    restored(take())
    forget(site, progress=QUIET)
    assert databases_of(site.database, kind="before") == []


def test_a_user_who_may_not_read_is_told_what_to_do(site, manage, request):
    role = f"plain_{uuid4().hex[:8]}"
    execute(site.database, f"CREATE ROLE {role} LOGIN")
    request.addfinalizer(lambda: execute(site.database, f"DROP ROLE {role}"))
    status, out, err = manage("backup", USER=role)
    assert status == 1
    assert "permission denied" in err
    assert "Make POSTGRES_USER in .env a superuser" in err
    assert "./google_storage.sh -b" in err
    assert "Traceback" not in err
