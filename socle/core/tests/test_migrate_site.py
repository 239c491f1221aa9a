import pytest
from django.core.management import CommandError, call_command

from socle.core.management.commands import migrate_site

ALWAYS = ["migrate", "fill_groups", "prepare_site_role"]


@pytest.fixture
def steps(monkeypatch):
    """The commands that were called, in order; none of them runs."""
    called = []
    monkeypatch.setattr(
        migrate_site, "call_command", lambda name, **_options: called.append(name)
    )
    return called


@pytest.mark.django_db
def test_it_waits_and_proves_the_folders_before_it_migrates(steps):
    call_command("migrate_site", wait=True)

    assert steps == ["wait_for_services", "check_folders", *ALWAYS]


@pytest.mark.django_db
def test_it_waits_for_nobody_unless_told_to(steps):
    call_command("migrate_site")

    assert steps == ALWAYS


def test_a_service_that_does_not_answer_keeps_it_from_the_database(monkeypatch):
    def refuse(name, **_options):
        raise CommandError(f"{name}: Postgres did not answer within 60 s.")

    monkeypatch.setattr(migrate_site, "call_command", refuse)

    with pytest.raises(CommandError, match="Postgres did not answer"):
        call_command("migrate_site", wait=True)
