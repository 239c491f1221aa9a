from datetime import UTC, date, datetime, timedelta

import pytest

from socle.operations.plots import (
    Point,
    by_day,
    duration_plot,
    new_bytes_plot,
    size_plot,
    size_step,
    time_step,
)

TODAY = date(2026, 11, 21)
MB = 1_000_000


def point(days_ago, *, hour=3, size=100 * MB, new=MB, seconds=60.0):
    moment = datetime(2026, 11, 21, hour, tzinfo=UTC) - timedelta(days=days_ago)
    return Point(moment, size, new, seconds)


def test_a_day_with_two_backups_is_one_day():
    points = [point(0, hour=9, size=7, new=2, seconds=5), point(0, size=6, new=1)]

    [day] = by_day(points, today=TODAY)

    assert (day.size_bytes, day.new_bytes, day.seconds) == (7, 3, 60.0)


def test_older_than_six_weeks_is_left_out():
    days = by_day([point(n) for n in (0, 41, 42)], today=TODAY)

    assert [one.day for one in days] == [TODAY - timedelta(days=41), TODAY]


def test_a_night_without_a_backup_is_a_gap():
    days = by_day([point(n) for n in (0, 1, 27)], today=TODAY)

    first, *others = size_plot(days, today=TODAY).bars

    slot = 100 / 28
    assert first.x == pytest.approx(slot * 0.14, abs=0.01)
    assert [bar.x for bar in others] == pytest.approx(
        [slot * 26.14, slot * 27.14], abs=0.01
    )
    assert first.words == "25 Oct: 100.0 MB"


def test_heights_fit_the_scale():
    days = by_day([point(1, new=20 * MB), point(0, new=0)], today=TODAY)

    plot = new_bytes_plot(days, today=TODAY)

    assert [tick.words for tick in plot.scale] == ["0 B", "10.0 MB", "20.0 MB"]
    assert [(bar.y, bar.height) for bar in plot.bars] == [(0, 100), (99.2, 0.8)]


def test_failures_are_marked_and_said():
    days = by_day([point(0, seconds=30), point(2, seconds=125)], today=TODAY)
    failed = {TODAY - timedelta(days=1), TODAY - timedelta(days=300)}

    plot = duration_plot(days, failed=failed, today=TODAY)

    assert [tick.words for tick in plot.failures] == ["20 Nov: failed"]
    assert plot.summary == (
        "Mostly about 2 min 5 s, at most 2 min 5 s on 19 Nov. Failed on 20 Nov."
    )


def test_the_first_day_has_an_empty_plot():
    plot = size_plot([], today=TODAY)

    assert plot.bars == []
    assert plot.summary == "No backup yet."
    assert [tick.words for tick in plot.days] == ["14 Nov"]


@pytest.mark.parametrize("highest", [0, 1, 999, 1001, 5e6, 2.1e9, 9.99e12])
def test_sizes_use_at_least_two_fifths_of_the_plot(highest):
    assert highest <= 2 * size_step(highest) <= max(2.5 * highest, 1000)


@pytest.mark.parametrize("highest", [0.1, 9, 11, 61, 3599, 3601, 200_000])
def test_durations_fit(highest):
    assert highest <= 2 * time_step(highest) <= max(2.5 * highest, 10, 7200)
