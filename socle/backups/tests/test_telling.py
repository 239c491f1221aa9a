import logging
import sys
from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from socle.backups.exceptions import StoreUnavailable
from socle.backups.models import Run
from socle.backups.postgres.connection import Database
from socle.backups.postgres.dump import DUMPING
from socle.backups.progress import Progress
from socle.backups.runs.backup_parts import KEEPING_MEDIA
from socle.backups.runs.run_backup import expect_as_last_time
from socle.backups.runs.run_liveness import alive
from socle.backups.runs.run_recorder import KILLED, mark_killed, told

pytestmark = pytest.mark.django_db


@pytest.fixture
def lines(caplog):
    """The structured lines of the log so far."""
    caplog.set_level(logging.INFO, logger="backups.runs")

    def read():
        return [record.run for record in caplog.records if hasattr(record, "run")]

    return read


def running_row(**values):
    return Run.objects.create(
        id=uuid4(), kind="backup", started_at=timezone.now(), **values
    )


def test_a_run_is_a_row_that_runs_and_then_is_done(lines, caplog):
    with told("backup") as run:
        assert Run.objects.get().outcome == Run.Outcome.RUNNING
        run.result(url="file:///somewhere", new_bytes=12)
        run.result(files=3)

    row = Run.objects.get()
    assert (row.outcome, row.reason) == (Run.Outcome.DONE, "")
    assert row.numbers == {"new_bytes": 12, "files": 3}
    assert row.seconds is not None
    [line] = lines()
    assert f"backup done after {line['seconds']} s." in caplog.messages
    assert line["kind"] == "backup"
    assert line["id"] == str(row.pk)
    assert line["outcome"] == "done"
    assert line["url"] == "file:///somewhere"
    assert line["numbers"] == {"new_bytes": 12, "files": 3}


@pytest.mark.parametrize(
    ("failure", "reason"),
    [
        (StoreUnavailable("The bucket sleeps."), "The bucket sleeps."),
        (ZeroDivisionError("by nothing"), "ZeroDivisionError: by nothing"),
        (SystemExit(143), "It was stopped by a signal."),
        (KeyboardInterrupt(), "It was stopped by a signal."),
    ],
)
def test_a_failure_is_told_with_its_reason_and_goes_on(lines, failure, reason):
    with pytest.raises(type(failure)) as caught, told("drill"):
        raise failure

    assert caught.value is failure
    row = Run.objects.get()
    assert (row.outcome, row.reason) == (Run.Outcome.FAILED, reason)
    assert [line["reason"] for line in lines()] == [reason]


def test_the_last_words_of_the_progress_are_written_once_a_second():
    moment = [0.0]

    def written():
        return Run.objects.get().progress

    with told("backup", clock=lambda: moment[0]) as run:
        run.moved("one")
        assert written() == ""
        moment[0] = 1.0
        run.moved("  two")
        assert written() == "two"
        moment[0] = 1.9
        run.moved("three")
        assert written() == "two"

    assert written() == "three"


def test_a_killed_run_is_marked_when_the_next_one_begins():
    killed = running_row()

    with told("backup"):
        killed.refresh_from_db()
        assert (killed.outcome, killed.reason) == (Run.Outcome.FAILED, KILLED)
        assert Run.objects.running().count() == 1


def test_a_run_that_lives_is_not_marked():
    living = running_row()
    with alive(living.pk, kind="backup", database=Database.from_settings()):
        mark_killed()

        living.refresh_from_db()
        assert living.outcome == Run.Outcome.RUNNING

    mark_killed()
    living.refresh_from_db()
    assert living.outcome == Run.Outcome.FAILED


def test_without_a_database_a_run_is_told_all_the_same(
    lines, settings, caplog, monkeypatch
):
    monkeypatch.setitem(settings.DATABASES["default"], "HOST", "/nowhere")

    with told("backup") as run:
        run.result(new_bytes=1)

    assert [line["outcome"] for line in lines()] == ["done"]
    assert "cannot be reached" in caplog.text


def test_a_restore_is_told_in_the_database_that_it_brought():
    with told("restore"):
        Run.objects.all().delete()  # what remains of it in one without a history

    assert Run.objects.get().outcome == Run.Outcome.DONE


def test_only_the_newest_runs_are_kept(monkeypatch):
    monkeypatch.setattr("socle.backups.runs.run_recorder.KEPT_RUNS", 3)
    for days in range(5):
        running_row(outcome="done")
        Run.objects.update(started_at=timezone.now() - timedelta(days=days + 1))

    with told("prune"):
        pass

    assert Run.objects.count() == 3
    assert Run.objects.first().kind == "prune"


def test_a_backup_expects_what_the_last_one_came_to():
    numbers = {"uncompressed_bytes": 100, "media_bytes": 50, "media_files": 5}
    running_row(outcome="done", numbers=numbers | {"new_bytes": 1})
    heard = []
    moment = [0.0]
    progress = Progress(heard=heard.append, clock=lambda: moment[0])

    expect_as_last_time(progress)
    for step, files in ((DUMPING, None), (KEEPING_MEDIA, 1)):
        moment[0] += 1
        progress.moved(step, size_bytes=10, files=files)

    assert heard == [
        "Dumping the database: 10 B of 100 B",
        "Keeping media: 1 of 5 files, 10 B of 50 B",
    ]


def test_the_first_backup_expects_nothing():
    expect_as_last_time(Progress())


def test_a_person_at_a_terminal_is_spared_the_line_for_machines(lines, monkeypatch):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    with told("backup"):
        pass
    assert lines() == []
    assert Run.objects.get().outcome == Run.Outcome.DONE
