from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from operations.timetable import next_run

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


@pytest.mark.parametrize("fields", ["0 3 * *", "60 3 * * *", "x 3 * * *", "0 3 0 * *"])
def test_what_is_no_time_is_refused(fields):
    with pytest.raises(ValueError, match=r"."):
        next_run(fields, after=NOW)
