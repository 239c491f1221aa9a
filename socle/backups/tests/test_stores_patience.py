"""How long, and how often, a store is asked again."""

import pytest

from socle.backups.exceptions import StoreRefused, StoreUnavailable
from socle.backups.stores import retry
from socle.backups.stores.retry import Patience


class Night:
    """A clock that only sleeping moves."""

    def __init__(self):
        self.now = 0.0
        self.pauses: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.now += seconds

    def patience(self, seconds: float, *, chance: float) -> Patience:
        return Patience(
            seconds, clock=lambda: self.now, sleep=self.sleep, chance=lambda: chance
        )


def never(attempt: int) -> None:
    raise StoreUnavailable(f"try {attempt}")


@pytest.mark.parametrize("chance", [0.0, 0.5, 1.0])
def test_the_pauses_double_up_to_a_limit_and_end_in_time(chance):
    night = Night()
    with pytest.raises(StoreUnavailable) as last:
        night.patience(80, chance=chance).persist(never)
    grown = [0.5, 1, 2, 4, 8, 16] + 10 * [30]
    expected = [one * (0.5 + chance / 2) for one in grown]
    tries = len(night.pauses)
    assert str(last.value) == f"try {tries}"
    assert tries >= 6
    assert night.pauses == expected[:tries]
    assert night.now <= 80 < night.now + expected[tries]


def test_two_that_fail_together_do_not_come_back_together():
    pauses = []
    for _ in range(50):
        night = Night()
        with pytest.raises(StoreUnavailable):
            Patience(1, clock=lambda n=night: n.now, sleep=night.sleep).persist(never)
        pauses.append(night.pauses[0])
    assert len(set(pauses)) == 50
    assert all(0.25 <= pause <= 0.5 for pause in pauses)


def test_it_ends_with_the_first_answer():
    def third_time(attempt: int) -> int:
        return attempt if attempt == 2 else never(attempt)

    night = Night()
    assert night.patience(60, chance=1).persist(third_time) == 2
    assert night.pauses == [0.5, 1]


def test_what_is_no_passing_failure_ends_it_at_once():
    def refuse(attempt: int) -> None:
        raise StoreRefused("no")

    night = Night()
    with pytest.raises(StoreRefused):
        night.patience(60, chance=1).persist(refuse)
    assert night.pauses == []


def test_each_new_try_is_told_of(caplog):
    with pytest.raises(StoreUnavailable):
        Night().patience(2, chance=1).persist(never)
    assert "Trying again in 0.5 s: try 0" in caplog.text
    assert "Trying again in 1.0 s: try 1" in caplog.text


def test_a_try_waits_for_its_answer_as_long_as_there_is_patience():
    assert Patience(0.5).answer_seconds == 5
    assert Patience(20).answer_seconds == 20
    assert Patience(3600).answer_seconds == retry.LONGEST_ANSWER_SECONDS
