from datetime import UTC, datetime, timedelta
from io import StringIO
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command
from django.db.migrations.recorder import MigrationRecorder
from django.utils import timezone

from socle.backups.models import Run
from socle.backups.runs.freshness import age_of_newest_backup

pytestmark = pytest.mark.django_db
NIGHT = datetime(2026, 11, 20, 3, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def born(settings):
    """The site was installed two days before NIGHT, and must have a backup in 26 h."""
    settings.BACKUP_MAX_AGE_HOURS = 26
    MigrationRecorder.Migration.objects.update(applied=NIGHT - 2 * DAY)


def run(kind="backup", *, at=NIGHT, outcome="done", **values):
    return Run.objects.create(
        id=uuid4(),
        kind=kind,
        started_at=at,
        ended_at=at,
        outcome=outcome,
        **({"numbers": {"new_bytes": 1}} | values),
    )


def test_a_backup_is_too_old_after_26_hours():
    run(at=NIGHT - DAY)
    run()
    age = age_of_newest_backup()

    assert age.newest == NIGHT
    assert age.overdue_at == NIGHT + timedelta(hours=26)
    assert not age.is_overdue(age.overdue_at - timedelta(seconds=1))
    assert age.is_overdue(age.overdue_at)


def test_only_complete_backups_count():
    run(at=NIGHT - DAY, outcome="failed")  # complete, but a file is not in it
    run(outcome="failed", numbers={})
    run(outcome="running", numbers={})
    run("drill")

    assert age_of_newest_backup().newest == NIGHT - DAY


def test_a_new_installation_has_its_first_night_before_it():
    age = age_of_newest_backup()

    assert age.newest is None
    assert age.overdue_at == NIGHT - 2 * DAY + timedelta(hours=26)


def test_what_a_restore_brought_is_in_a_backup():
    run("restore", at=NIGHT)
    run("restore", at=NIGHT + DAY, outcome="failed")

    assert age_of_newest_backup().overdue_at == NIGHT + timedelta(hours=26)


def test_where_it_is_switched_off_no_age_is_too_old(settings, tmp_path):
    settings.BACKUP_MAX_AGE_HOURS = 0
    file = tmp_path / "overdue"
    file.write_text("of a time when it was on")

    call_command("backup_age", write=file)

    assert not file.exists()
    assert not age_of_newest_backup().is_overdue(NIGHT + 1000 * DAY)


def test_the_command_says_it_and_fails_when_it_is_too_old():
    out = StringIO()
    run(at=timezone.now())
    call_command("backup_age", stdout=out)
    assert "The next one is due before" in out.getvalue()

    Run.objects.update(started_at=NIGHT - DAY, ended_at=NIGHT - DAY)
    with pytest.raises(CommandError, match="google_storage.sh -b") as caught:
        call_command("backup_age")
    assert caught.value.returncode == 1


def test_the_deadline_is_written_for_the_health_check(tmp_path):
    run()
    file = tmp_path / "overdue"

    call_command("backup_age", write=file)

    seconds, words = file.read_text().split(" ", 1)
    assert int(seconds) == (NIGHT + timedelta(hours=26)).timestamp()
    assert words.startswith("The newest backup is of 2026-11-20 03:00 UTC. The next")
    assert list(tmp_path.iterdir()) == [file]
