"""What a person is told and asked before and after a restore, an undo, a forgetting."""

from dataclasses import replace
from io import StringIO

import pytest

from socle.backups.management import asking
from socle.backups.services import take_backup
from socle.backups.swap.undo_copies import kept
from socle.backups.tests.conftest import NIGHT, QUIET, execute


class Terminal(StringIO):
    def isatty(self):
        return True


@pytest.fixture
def typing(manage, monkeypatch):
    """Runs a command at a terminal, at which somebody types `words`."""

    def run(name, *arguments, words):
        terminal = Terminal(words)
        monkeypatch.setattr(asking.sys, "stdin", terminal)
        monkeypatch.setattr(
            "socle.backups.tests.conftest.StringIO", lambda text: terminal
        )
        return manage(name, *arguments)

    return run


@pytest.fixture
def on_prod(settings):
    settings.ENVIRONMENT = "prod"


def names(site):
    return execute(site.database, "SELECT name FROM photo WHERE id = 1")


@pytest.fixture
def changed(site, backup):
    execute(site.database, "UPDATE photo SET name = 'changed'")


def test_a_restore_asks_and_takes_yes(site, backup, changed, typing):
    status, out, err = typing("restore_backup", "latest", words="y\n")
    assert status == 0, err
    assert f"database {site.database.name} and the files in {site.media_root}" in err
    assert "Restore it? [y/N]" in err
    assert names(site) == [("photo 1",)]
    assert kept(site)[0].database.name in out


@pytest.mark.parametrize("words", ["n\n", "\n", ""])
def test_a_restore_asks_and_takes_no(site, backup, changed, typing, words):
    status, _, err = typing("restore_backup", "latest", words=words)
    assert (status, "Nothing was changed" in err) == (1, True)
    assert names(site) == [("changed",)]


def test_prod_wants_its_name_typed(site, backup, changed, typing, on_prod):
    for words in ("y\n", "yes\n", "socl\n"):
        status, _, err = typing("restore_backup", backup.url, words=words)
        assert (status, "This is PROD" in err) == (1, True)
        assert names(site) == [("changed",)]
    status, _, err = typing("restore_backup", backup.url, words="socle\n")
    assert status == 0, err
    assert names(site) == [("photo 1",)]


@pytest.mark.parametrize("part", ["database", "media"])
def test_one_part_alone_is_restored(site, backup, changed, manage, part):
    (site.media_root / "late").write_bytes(b"late")
    status, out, err = manage("restore_backup", "latest", "--yes", f"--{part}-only")
    assert status == 0, err
    assert (names(site) == [("photo 1",)]) == (part == "database")
    assert (site.media_root / "late").exists() == (part == "database")
    assert ("previous database" in out, "previous media" in out) == (
        part == "database",
        part == "media",
    )


def test_both_parts_alone_are_no_usage(backup, manage):
    flags = ("--database-only", "--media-only", "--yes")
    assert manage("restore_backup", "latest", *flags)[0] == 2


def test_an_undo_and_a_forgetting_say_what_and_ask(site, backup, changed, typing):
    typing("restore_backup", "latest", words="y\n")
    (one,) = kept(site)
    for command in ("undo_restore", "forget_previous"):
        status, _, err = typing(command, words="n\n")
        assert (status, str(one) in err) == (1, True)
    assert names(site) == [("photo 1",)]
    assert typing("undo_restore", words="y\n")[0] == 0
    assert names(site) == [("changed",)]
    status, out, _ = typing("forget_previous", words="y\n")
    assert (status, "are free again" in out) == (0, True)
    assert kept(site) == []


@pytest.fixture
def backup_of_prod(django_site, store):
    prod = replace(django_site, environment="prod")
    execute(
        django_site.database,
        "INSERT INTO accounts_user (email, password, first_name, last_name, is_staff,"
        " is_superuser, is_active, date_joined, language)"
        " VALUES ('ann@example.org', '', '', '', false, false, true, now(), '')",
    )
    return take_backup(prod, store=store, now=NIGHT, progress=QUIET)


def test_people_of_prod_are_scrubbed_and_the_way_in_is_told(
    django_site, backup_of_prod, manage
):
    status, _, err = manage("restore_backup", backup_of_prod.url, "--yes")
    assert status == 0, err
    assert "Scrubbed: 1 people" in err
    assert "create_admin --email" in err
    found = execute(django_site.database, "SELECT email FROM accounts_user")
    assert [email.endswith("@example.invalid") for (email,) in found] == [True]


@pytest.mark.parametrize(("words", "status"), [("y\nn\n", 1), ("y\ny\n", 0)])
def test_leaving_people_unscrubbed_is_asked_for_on_its_own(
    django_site, backup_of_prod, typing, words, status
):
    execute(django_site.database, "DELETE FROM accounts_user")
    found, _, err = typing(
        "restore_backup", backup_of_prod.url, "--no-scrub", words=words
    )
    assert found == status, err
    assert "real people's names" in err
    people = execute(django_site.database, "SELECT email FROM accounts_user")
    assert people == ([] if status else [("ann@example.org",)])


def test_no_live_database_can_be_prepared(django_site, backup_of_prod, manage):
    """The step that scrubs must never reach what is live."""
    name = django_site.database.name
    status, _, err = manage("prepare_restored", name, "--scrub")
    assert (status, "nothing was changed" in err) == (2, True)
    assert execute(django_site.database, "SELECT email FROM accounts_user") == [
        ("ann@example.org",)
    ]
