from datetime import UTC, datetime, timedelta

import pytest

from socle.backups.metrics import collect
from socle.backups.models import Run
from socle.core.tests.numbers import samples

NIGHT = datetime(2026, 11, 21, 3, 0, 0, tzinfo=UTC)
pytestmark = pytest.mark.django_db


def run(kind, outcome, *, at=NIGHT, **numbers):
    return Run.objects.create(
        kind=kind,
        outcome=outcome,
        started_at=at,
        ended_at=at + timedelta(seconds=34),
        numbers=numbers,
    )


def test_a_new_site_has_an_age_but_no_backup(settings):
    settings.BACKUP_MAX_AGE_HOURS = 26
    found = samples(collect)

    assert found["backup_max_age_seconds",] == 26 * 3600
    assert found["backup_counted_from_timestamp_seconds",] > 0
    assert ("backup_newest_timestamp_seconds",) not in found
    assert ("backup_run_succeeded", "backup") not in found


def test_the_newest_backup_has_its_age_and_sizes():
    run("backup", "done", new_bytes=12, media_bytes=900, database_bytes=40)
    found = samples(collect)

    assert found["backup_newest_timestamp_seconds",] == NIGHT.timestamp()
    assert found["backup_size_bytes", "media"] == 900
    assert found["backup_size_bytes", "database"] == 40
    assert found["backup_size_bytes", "sent"] == 12
    assert found["backup_run_duration_seconds", "backup"] == 34


def test_a_failed_run_after_a_good_one_is_seen():
    run("backup", "done", new_bytes=12)
    run("backup", "failed", at=NIGHT + timedelta(days=1))
    run("drill", "failed")
    run("drill", "done", at=NIGHT + timedelta(days=1))
    run("drill", "running", at=NIGHT + timedelta(days=2))
    found = samples(collect)

    assert found["backup_run_succeeded", "backup"] == 0
    assert found["backup_run_succeeded", "drill"] == 1
    assert found["backup_newest_timestamp_seconds",] == NIGHT.timestamp()
