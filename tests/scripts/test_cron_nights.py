"""
The nights on which the clock is changed: a daily job runs once on each.

tests/end_to_end/test_cron_nights.py has the daemon itself live through both of them.
"""

import json
import sys
from datetime import UTC, datetime, timedelta, timezone

import pytest
from cron_container import REPOSITORY

sys.path.append(str(REPOSITORY / "cron"))
from runner.task_run import is_repeated  # noqa: E402


def at(words: str) -> datetime:
    return datetime.fromisoformat(words)


@pytest.mark.parametrize(
    ("now", "earlier", "expected"),
    [
        # Autumn: 02:30 comes twice, and cron was started anew between the two.
        ("2026-10-25T02:30:01+01:00", "2026-10-25T02:30:01+02:00", True),
        ("2026-10-25T02:30:01+01:00", "2026-10-25T02:31:09+02:00", True),
        ("2026-10-25T02:30:01+01:00", "2026-10-25T02:00:01+02:00", False),
        ("2026-10-25T03:00:01+01:00", "2026-10-25T02:30:01+02:00", False),
        # Spring: cron starts a job for each time left out, one right after another.
        ("2027-03-28T03:00:05+02:00", "2027-03-28T03:00:01+02:00", True),
        ("2027-03-28T03:30:01+02:00", "2027-03-28T03:00:01+02:00", False),
        # Any other night, and the clock set back by hand for more than cron minds.
        ("2026-11-22T03:00:01+01:00", "2026-11-21T03:00:01+01:00", False),
        ("2026-11-22T03:01:01+01:00", "2026-11-22T03:00:59+01:00", False),
        ("2026-11-22T03:00:01+01:00", "2026-11-22T08:00:01+01:00", False),
    ],
)
def test_a_time_of_day_that_comes_again_is_known(now, earlier, expected):
    assert is_repeated(at(now), [at(earlier)]) is expected
    assert not is_repeated(at(now), [])


def earlier_today(cron, *, by="cron", outcome="ok") -> None:
    """A run 20 minutes ago, when the clock showed 40 minutes later than now."""
    moment = datetime.now(UTC) - timedelta(minutes=20)
    shown = moment.astimezone(timezone(timedelta(hours=1)))
    run = {"by": by, "outcome": outcome, "started_at": shown.isoformat()}
    (cron.jobs / "greet.jsonl").write_text(f"foreign\n{json.dumps(run)}\n")


@pytest.fixture
def daily(cron):
    cron.environment(TZ="UTC")
    cron.task("greet", "echo hello")
    cron.table.write_text("30 2 * * * app /cron/run greet\n")
    return cron


def test_a_second_start_within_the_hour_that_comes_twice_is_left_out(daily):
    earlier_today(daily)

    done = daily.run("greet", by="cron")

    assert done.returncode == 75
    assert "the clock was changed and this time of day comes again" in done.stdout
    assert "hello" not in done.stdout
    last = (daily.jobs / "greet.jsonl").read_text().splitlines()[-1]
    assert json.loads(last)["outcome"] == "skipped"


@pytest.mark.parametrize("how", [{"by": "hand"}, {"outcome": "skipped"}])
def test_a_start_that_was_none_of_crons_does_not_count(daily, how):
    earlier_today(daily, **how)

    assert daily.run("greet", by="cron").returncode == 0


def test_by_hand_a_task_runs_at_any_time(daily):
    earlier_today(daily)

    assert daily.run("greet").returncode == 0


def test_a_job_that_follows_the_clock_runs_in_both_hours(daily):
    daily.table.write_text("30 * * * * app /cron/run greet\n")
    earlier_today(daily)

    assert daily.run("greet", by="cron").returncode == 0
