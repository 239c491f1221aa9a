"""What the site's health says of its backups."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.db.migrations.recorder import MigrationRecorder
from django.utils import timezone

from socle.backups.health import backup
from socle.backups.models import Run

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def born(settings):
    """Installed two days ago; a backup in 26 hours is a must."""
    settings.BACKUP_MAX_AGE_HOURS = 26
    MigrationRecorder.Migration.objects.update(applied=timezone.now() - 48 * HOUR)


def run(kind="backup", *, hours_ago, outcome="done", **values):
    began = timezone.now() - hours_ago * HOUR
    numbers = {"new_bytes": 1} if outcome == "done" else {}
    return Run.objects.create(
        id=uuid4(),
        kind=kind,
        started_at=began,
        ended_at=began,
        outcome=outcome,
        **({"numbers": numbers} | values),
    )


def said():
    fact = backup()
    assert fact.name == "backup"
    return fact.state, str(fact.says), fact.todo


def test_a_backup_of_last_night_is_well():
    run(hours_ago=9)

    assert said() == (
        "ok",
        "The newest backup is 9 h old. No drill has restored one yet.",
        "",
    )


def test_a_backup_that_is_missing_fails_and_says_since_when():
    run(hours_ago=30)
    state, says, todo = said()

    assert state == "fail"
    assert "The newest backup is 30 h old. The next one was due at " in says
    assert todo == "./google_storage.sh -b"


def test_no_backup_in_two_days_fails():
    state, says, _todo = said()

    assert state == "fail"
    assert says.startswith("There is no backup yet. The next one was due at ")


def test_where_none_is_demanded_none_is_missing(settings):
    settings.BACKUP_MAX_AGE_HOURS = 0

    assert said()[0] == "ok"


def test_the_last_run_that_failed_is_warned_of_with_its_reason():
    run(hours_ago=20)
    run(hours_ago=1, outcome="failed", reason="The bucket is full.")

    assert said() == (
        "warn",
        "The newest backup is 20 h old. No drill has restored one yet. "
        "The last run failed: The bucket is full.",
        "./google_storage.sh -b",
    )


def test_a_failure_before_the_newest_backup_is_past():
    run(hours_ago=20, outcome="failed", reason="The bucket is full.")
    run(hours_ago=1)

    assert said()[0] == "ok"


def test_one_that_runs_now_is_no_failure_and_hides_none():
    run(hours_ago=20)
    run(hours_ago=0, outcome="running")
    assert said()[0] == "ok"

    run(hours_ago=1, outcome="failed", reason="The bucket is full.")
    assert said()[0] == "warn"


def test_the_last_drill_counts():
    run(hours_ago=9)
    run("drill", hours_ago=60)
    assert said()[1].endswith("A drill restored one 2 days ago.")

    run("drill", hours_ago=8, outcome="failed", reason="There is no room.")
    assert said() == (
        "warn",
        "The newest backup is 9 h old. The last drill failed 8 h ago: "
        "There is no room.",
        "./google_storage.sh -d",
    )
