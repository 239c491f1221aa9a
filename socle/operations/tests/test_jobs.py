"""What cron's runner writes (tests/scripts/test_cron_records.py) is read here."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from django.template.loader import render_to_string
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from socle.operations.jobs import SHOWN_CHARACTERS, SHOWN_RUNS, read_jobs

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=ZoneInfo("Europe/Paris"))
GOOD = {
    "task": "backup",
    "description": "Backs up.",
    "started_at": "2026-11-21T03:00:01+01:00",
    "ended_at": "2026-11-21T03:02:06+01:00",
    "seconds": 125.2,
    "exit_status": 0,
    "outcome": "ok",
    "output": "Dumped 3 tables.",
    "by": "cron",
}
PLANNED = [
    {"task": "backup", "description": "Backs up.", "fields": "0 3 * * *"},
    {"task": "tidy", "description": "Tidies.", "fields": "0 5 * * 0"},
    {"task": "tidy", "description": "Tidies.", "fields": "0 4 * * 0"},
    {"task": "rare", "description": "For hands.", "fields": ""},
]


@pytest.fixture
def folder(settings, tmp_path) -> Path:
    settings.JOBS_FOLDER = str(tmp_path)
    (tmp_path / "schedule.json").write_text(json.dumps(PLANNED))
    return tmp_path


def write_runs(folder: Path, *entries) -> None:
    lines = (one if isinstance(one, str) else json.dumps(one) for one in entries)
    (folder / "backup.jsonl").write_text("\n".join(lines) + "\n")


def page() -> str:
    html = render_to_string(
        "operations/_jobs.html", {"jobs": read_jobs(now=NOW), "now": NOW}
    )
    html.encode()
    return html


def test_there_is_nothing_to_show_where_there_is_no_cron(settings):
    settings.JOBS_FOLDER = ""

    assert read_jobs(now=NOW) is None
    assert page().strip() == ""


def test_a_cron_that_has_not_started_is_said(settings, tmp_path):
    settings.JOBS_FOLDER = str(tmp_path)

    assert "cron has not started yet" in page()


def test_a_cron_that_starts_nothing_any_more_is_said(folder):
    (folder / "schedule.json").touch()
    seen = datetime.fromtimestamp((folder / "schedule.json").stat().st_mtime, UTC)

    assert read_jobs(now=seen + timedelta(hours=1)).problem == ""
    silent = read_jobs(now=seen + timedelta(days=8))
    assert "has started no job since" in silent.problem
    assert [job.name for job in silent.jobs] == ["backup", "tidy", "rare"]


def test_each_job_is_shown_with_its_next_start(folder):
    jobs = read_jobs(now=NOW).jobs

    assert [job.name for job in jobs] == ["backup", "tidy", "rare"]
    assert [f"{job.next_at:%a %H:%M}" for job in jobs[:2]] == ["Sun 03:00", "Sun 04:00"]
    assert jobs[2].next_at is None
    assert "by hand" in page()


def test_the_last_run_is_shown_with_its_end_its_output_and_what_went_wrong_before(
    folder,
):
    write_runs(
        folder,
        GOOD | {"outcome": "timed_out", "exit_status": 124},
        GOOD | {"outcome": "skipped", "exit_status": 75},
        GOOD | {"outcome": "failed", "exit_status": 7, "output": "<b>No room.</b>"},
    )

    job = read_jobs(now=NOW).jobs[0]
    html = page()

    assert (job.last.exit_status, job.failed, job.skipped) == (7, 2, 1)
    assert "Failed with status 7" in html
    assert "Of the last 3: 2 failed, 1 left out" in html
    assert "&lt;b&gt;No room." in html
    assert "2 min 5 s" in html


@pytest.mark.parametrize(
    ("outcome", "words"),
    [("ok", "Done"), ("skipped", "Left out"), ("timed_out", "Took too long")],
)
def test_each_outcome_has_its_words(folder, outcome, words):
    write_runs(folder, GOOD | {"outcome": outcome})

    assert words in page()


def test_a_job_that_runs_is_shown_with_its_beginning(folder):
    (folder / "backup.running").write_text(json.dumps(GOOD))

    assert "Runs since 02:00" in page()  # of the tests' time zone, UTC


def test_no_more_is_read_than_is_shown(folder):
    write_runs(folder, *[GOOD | {"output": "x" * 10_000}] * (SHOWN_RUNS + 10))

    runs = read_jobs(now=NOW).jobs[0].runs

    assert len(runs) == SHOWN_RUNS
    assert {len(run.output) for run in runs} == {SHOWN_CHARACTERS}


def test_a_file_of_any_size_is_read_from_its_end(folder):
    write_runs(folder, "x" * 3_000_000, GOOD)

    assert len(read_jobs(now=NOW).jobs[0].runs) == 1


@pytest.mark.parametrize(
    "line",
    [
        json.dumps(GOOD)[:-30],
        "null",
        "[]",
        '"text"',
        "{}",
        "\0\0\0",
        "[" * 100_000,
        json.dumps(GOOD | {"started_at": "yesterday"}),
        json.dumps(GOOD | {"started_at": 3}),
        json.dumps(GOOD | {"started_at": "2026-11-21T03:00:01"}),
        json.dumps(GOOD | {"started_at": "9999-12-31T23:59:59-12:00"}),
        json.dumps(GOOD | {"exit_status": None}),
        json.dumps(GOOD | {"exit_status": float("inf")}),
        json.dumps(GOOD | {"outcome": "great"}),
        json.dumps(GOOD | {"outcome": []}),
    ],
)
def test_a_torn_or_foreign_line_is_left_out(folder, line):
    write_runs(folder, GOOD, line, GOOD)

    assert len(read_jobs(now=NOW).jobs[0].runs) == 2
    assert "Done" in page()


@pytest.mark.parametrize(
    "entry",
    [
        GOOD | {"seconds": float("inf")},
        GOOD | {"seconds": float("nan")},
        GOOD | {"output": "half \ud83d of a sign"},
        GOOD | {"output": {"no": "text"}},
    ],
)
def test_a_line_with_strange_values_is_shown(folder, entry):
    write_runs(folder, entry)

    assert "Done" in page()


@pytest.mark.parametrize(
    "planned",
    [
        "",
        "{",
        "null",
        "[null, 3, {}]",
        '[{"task": "../../etc/passwd", "fields": "0 3 * * *"}]',
        '[{"task": "odd", "description": null, "fields": "0 3 31 2 *"}]',
        '[{"task": "odd", "description": "\\ud83d", "fields": "never"}]',
    ],
)
def test_a_schedule_that_cannot_be_understood_does_not_break_the_page(folder, planned):
    (folder / "schedule.json").write_text(planned)

    assert "Jobs of cron" in page()


json_values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from([*GOOD, "fields"]), inner, max_size=9)
    ),
    max_leaves=12,
)


@given(values=st.lists(json_values, max_size=3), planned=json_values)
@hypothesis_settings(
    max_examples=150,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
def test_no_json_at_all_breaks_the_page(folder, values, planned):
    entries = [GOOD | one if isinstance(one, dict) else one for one in values]
    write_runs(folder, *map(json.dumps, entries))
    (folder / "backup.running").write_text(json.dumps(values))
    (folder / "schedule.json").write_text(json.dumps([*PLANNED, planned]))

    assert "Jobs of cron" in page()
