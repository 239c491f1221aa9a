from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from socle.backups.exceptions import PruneRefused
from socle.backups.gc.retention import LATER, NEWEST, NEWEST_PROVEN, Policy, kept

NOW = datetime(2026, 11, 21, 4, 0, tzinfo=UTC)
SHIPPED = Policy(daily=7, weekly=5, monthly=12)

moments = st.datetimes(
    min_value=datetime(2024, 12, 1),
    max_value=datetime(2027, 2, 1),
    timezones=st.just(UTC),
).map(lambda moment: moment.replace(microsecond=0))
histories = st.lists(moments, max_size=60)
limits = st.integers(min_value=0, max_value=4)
policies = st.tuples(limits, limits, limits).filter(any).map(lambda one: Policy(*one))


def nights(count, *, until=NOW):
    return [until - timedelta(days=n, hours=1) for n in range(count)]


def day(moment):
    return f"daily {moment:%Y-%m-%d}"


def week(moment):
    return f"weekly {moment:%G-W%V}"


def month(moment):
    return f"monthly {moment:%Y-%m}"


def test_each_reason_is_said():
    history = nights(400)
    reasons = kept(history, policy=SHIPPED, now=NOW, proven=[history[20]])
    assert reasons[history[0]] == [
        NEWEST,
        "daily 2026-11-21",
        "weekly 2026-W47",
        "monthly 2026-11",
    ]
    assert reasons[history[20]] == [NEWEST_PROVEN, "weekly 2026-W44"]
    assert reasons[datetime(2026, 11, 15, 3, tzinfo=UTC)] == [
        "daily 2026-11-15",
        "weekly 2026-W46",
    ]
    assert reasons[datetime(2025, 12, 31, 3, tzinfo=UTC)] == ["monthly 2025-12"]
    assert datetime(2025, 11, 30, 3, tzinfo=UTC) not in reasons
    assert datetime(2026, 11, 14, 3, tzinfo=UTC) not in reasons


def test_a_week_belongs_to_the_year_that_its_thursday_is_in():
    new_year = datetime(2027, 1, 1, 3, tzinfo=UTC)
    reasons = kept([new_year], policy=SHIPPED, now=new_year)
    assert "weekly 2026-W53" in reasons[new_year]


def test_a_month_of_failures_removes_nothing():
    history = nights(7, until=NOW - timedelta(days=40))
    assert set(kept(history, policy=SHIPPED, now=NOW)) == set(history)


def test_days_are_those_of_utc_whatever_the_zone():
    east = timezone(timedelta(hours=9))
    late = datetime(2026, 11, 20, 23, 30, tzinfo=UTC)
    early = datetime(2026, 11, 20, 0, 30, tzinfo=UTC).astimezone(east)
    policy = Policy(daily=5, weekly=0, monthly=0)
    assert list(kept([late.astimezone(east), early], policy=policy, now=NOW)) == [late]


@pytest.mark.parametrize("values", [(0, 0, 0), (-1, 5, 5)])
def test_an_empty_policy_is_refused(values):
    with pytest.raises(PruneRefused, match=r"BACKUP_KEEP_DAILY.*\.env"):
        Policy(*values)


def test_the_settings_say_the_policy(settings):
    settings.BACKUP_KEEP_WEEKLY = 9
    assert Policy.from_settings() == Policy(daily=7, weekly=9, monthly=12)


@given(history=histories, policy=policies, now=moments, data=st.data())
def test_what_nothing_removes(history, policy, now, data):
    some = st.sets(st.sampled_from(history)) if history else st.just(set())
    proven, restoring = data.draw(some), data.draw(some)
    reasons = kept(
        history,
        policy=policy,
        now=now,
        proven=proven,
        protected=dict.fromkeys(restoring, "being restored"),
    )
    past = {moment for moment in history if moment <= now}
    for must in (past, past & proven):
        if must:
            assert max(must) in reasons
    assert restoring <= reasons.keys()
    assert set(history) - past <= reasons.keys()
    assert all("being restored" in reasons[moment] for moment in restoring)
    by_policy = [
        moment
        for moment, words in reasons.items()
        if set(words) - {LATER, NEWEST, NEWEST_PROVEN, "being restored"}
    ]
    assert len(by_policy) <= policy.most
    # "newest" asks for no place of its own.
    assert max(past, default=None) in [*by_policy, None]


@given(history=histories, policy=policies, now=moments)
def test_a_second_time_removes_nothing_more(history, policy, now):
    once = kept(history, policy=policy, now=now)
    assert kept(once, policy=policy, now=now) == once


@given(history=histories, policy=policies, now=moments)
def test_order_and_repetition_do_not_matter(history, policy, now):
    once = kept(history, policy=policy, now=now)
    assert kept([*reversed(history), *history], policy=policy, now=now) == once


steps = st.one_of(
    st.integers(min_value=1, max_value=3 * 24),
    st.sampled_from([24] * 8 + [24 * 10, 24 * 45, -2, -24, -24 * 30, 24 * 400]),
)


@given(
    hours=st.lists(steps, min_size=1, max_size=120),
    policy=policies,
    fails=st.sets(st.integers(min_value=0, max_value=119)),
)
def test_applied_every_night_it_keeps_what_it_promises(hours, policy, fails):
    """
    Whatever the gaps and the clock do: once the clock is right again, the last one of
    each of the last days, weeks and months, of all that were ever taken, is there.
    """
    now, taken, left = NOW, set(), set()
    for night, step in enumerate(hours):
        now += timedelta(hours=step)
        if night not in fails:
            taken.add(now)
            left.add(now)
        left = set(kept(left, policy=policy, now=now))
        assert night in fails or now in left  # the one just taken, always
    assert promised(taken, policy=policy) <= left


def promised(taken, *, policy):
    periods = [(policy.daily, day), (policy.weekly, week), (policy.monthly, month)]
    lasts = [
        sorted({period(moment): moment for moment in sorted(taken)}.values())[-limit:]
        for limit, period in periods
        if limit
    ]
    return {moment for last in lasts for moment in last}
