from datetime import UTC, date, datetime, timedelta
from itertools import takewhile
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from socle.operations.timetable import next_run, read_rule, runs

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 21, 12, 0, tzinfo=BERLIN)  # a Saturday


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ("0 3 * * *", "2026-11-22 03:00"),
        ("0 12 * * *", "2026-11-22 12:00"),
        ("1 12 * * *", "2026-11-21 12:01"),
        ("*/15 0-6 * * *", "2026-11-22 00:00"),
        ("10-20/5 13 * * *", "2026-11-21 13:10"),
        ("0 5 * * 0", "2026-11-22 05:00"),
        ("0 5 * * 7", "2026-11-22 05:00"),
        ("0 5 * * mon-fri", "2026-11-23 05:00"),
        ("0 5 1,15 * *", "2026-12-01 05:00"),
        ("0 5 1 feb *", "2027-02-01 05:00"),
        ("0 5 13 * fri", "2026-11-27 05:00"),
        ("0 5 29 2 *", "2028-02-29 05:00"),
    ],
)
def test_next_run(fields, expected):
    moment = next_run(fields, after=NOW)

    assert f"{moment:%Y-%m-%d %H:%M}" == expected
    assert moment.tzinfo is BERLIN


def test_a_day_that_never_comes():
    assert next_run("0 5 31 2 *", after=NOW) is None


@pytest.mark.parametrize(
    "fields",
    [
        "0 3 * *",
        "0 3 * * * *",
        "60 3 * * *",
        "x 3 * * *",
        "0 3 0 * *",
        "0 3 * jan-fev *",
        "0 5-3 * * *",
        "*/0 3 * * *",
        "5/15 3 * * *",
        "-5 3 * * *",
        "0 3 * * ٣",
        "",
    ],
)
def test_what_is_no_time_is_refused(fields):
    with pytest.raises(ValueError, match=r"."):
        next_run(fields, after=NOW)


# --- the nights when the clock changes: what Debian's cron does on them --------------
# tests/end_to_end/test_cron_nights.py compares with the daemon itself.

PARIS = ZoneInfo("Europe/Paris")
SPRING = date(2027, 3, 28)  # 02:00 to 03:00 do not exist
AUTUMN = date(2026, 10, 25)  # 02:00 to 03:00 come twice


def during(fields, day, *, zone=PARIS):
    """Of one day and the morning after."""
    noon = datetime(day.year, day.month, day.day, 12, tzinfo=zone) - timedelta(days=1)
    end = noon + timedelta(days=1)
    return [
        f"{moment:%H:%M%z}"
        for moment in takewhile(
            lambda at: at.timestamp() <= end.timestamp(), runs(fields, after=noon)
        )
        if moment.date() == day
    ]


@pytest.mark.parametrize(
    ("fields", "in_spring", "in_autumn"),
    [
        ("0 3 * * *", ["03:00+0200"], ["03:00+0100"]),
        ("30 2 * * *", ["03:00+0200"], ["02:30+0200"]),
        ("0 2 * * 0", ["03:00+0200"], ["02:00+0200"]),
        ("59 1 * * *", ["01:59+0100"], ["01:59+0200"]),
        (
            "0,30 2,3 * * *",
            ["03:00+0200", "03:30+0200"],
            ["02:00+0200", "02:30+0200", "03:00+0100", "03:30+0100"],
        ),
        ("*/30 2 * * *", [], ["02:00+0200", "02:30+0200", "02:00+0100", "02:30+0100"]),
    ],
)
def test_what_runs_in_the_nights_when_the_clock_changes(fields, in_spring, in_autumn):
    assert during(fields, SPRING) == in_spring
    assert during(fields, AUTUMN) == in_autumn


def test_a_job_of_each_hour_follows_the_clock():
    assert len(during("20 * * * *", SPRING)) == 11  # until noon
    assert len(during("20 * * * *", AUTUMN)) == 13


ZONES = ["Europe/Paris", "America/New_York", "Australia/Lord_Howe", "UTC", "Asia/Kabul"]
moments = st.datetimes(datetime(2020, 1, 1), datetime(2035, 1, 1))


@given(
    zone=st.sampled_from(ZONES),
    start=moments,
    hour=st.integers(0, 23),
    minute=st.integers(0, 59),
)
def test_a_daily_job_runs_once_on_every_day_of_every_year(zone, start, hour, minute):
    after = start.replace(tzinfo=UTC).astimezone(ZoneInfo(zone))

    found = []
    for moment in runs(f"{minute} {hour} * * *", after=after):
        found.append(moment)
        if len(found) == 400:
            break

    days = [moment.date() for moment in found]
    assert days == [days[0] + timedelta(days=n) for n in range(400)]
    assert (days[0] - after.date()).days in (0, 1)


@given(zone=st.sampled_from(ZONES), after=moments)
def test_each_start_is_later_than_the_one_before_and_shows_a_time_of_the_rule(
    zone, after
):
    after = after.replace(tzinfo=UTC).astimezone(ZoneInfo(zone))
    rule = read_rule("*/20 1-3 * * *")

    last = after
    for moment in takewhile(
        lambda at: at.timestamp() < after.timestamp() + 86400 * 3,
        runs("*/20 1-3 * * *", after=after),
    ):
        assert moment.timestamp() > last.timestamp()
        assert moment.minute in rule.minutes
        assert moment.hour in rule.hours
        last = moment


def test_the_next_start_after_a_moment_in_the_hour_that_comes_twice():
    first = datetime(2026, 10, 25, 2, 40, tzinfo=PARIS)
    second = first.replace(fold=1)

    for moment in (first, second):
        assert f"{next_run('30 2 * * *', after=moment):%d %H:%M}" == "26 02:30"
    assert f"{next_run('*/30 2 * * *', after=first):%d %H:%M%z}" == "25 02:00+0100"
    assert f"{next_run('*/30 2 * * *', after=second):%d %H:%M}" == "26 02:00"
