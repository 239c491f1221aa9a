"""A backup by the button of the page: the word it leaves, and what cron does then."""

import os

import pytest
from django.conf import settings as django_settings
from django.core.management import CommandError, call_command

from socle.backups.format.listing import list_backups
from socle.backups.models import Run
from socle.backups.postgres.connection import Database
from socle.backups.runs.backup_source import BackupSource
from socle.backups.runs.run_locks import only_one
from socle.operations import backup_requests

pytestmark = pytest.mark.django_db(transaction=True)


def backups(store):
    return list_backups(store, shelf=BackupSource.from_settings().shelf).backups


def test_what_was_asked_for_is_taken_and_shown(store, staff):
    media = django_settings.MEDIA_ROOT
    (media / "one.jpg").write_bytes(os.urandom(100_000))
    assert staff.post("/operations/back-up").status_code == 302

    call_command("back_up_when_asked")

    run = Run.objects.get()
    [backup] = backups(store)
    assert (run.outcome, run.backup_url) == ("done", backup.url)
    assert run.numbers["media_files"] == 1
    assert run.progress
    assert backup_requests.asked() is None
    assert backup.address.id in staff.get("/operations/").content.decode()


def test_a_minute_in_which_nobody_asks_leaves_no_trace(store, db):
    call_command("back_up_when_asked")

    assert not Run.objects.exists()
    assert backups(store) == []


def test_it_is_taken_once(store, staff):
    staff.post("/operations/back-up")
    call_command("back_up_when_asked")
    call_command("back_up_when_asked")

    assert len(backups(store)) == 1


def test_where_another_run_holds_the_lock_it_says_so(store, staff):
    staff.post("/operations/back-up")
    with (
        only_one(Database.from_settings(), purpose="restore"),
        pytest.raises(CommandError, match="Another run holds the lock: restore"),
    ):
        call_command("back_up_when_asked")

    assert "Another run holds the lock: restore" in Run.objects.get().reason
    assert backup_requests.asked() is None
    assert backups(store) == []
