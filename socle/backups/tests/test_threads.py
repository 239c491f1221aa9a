import threading
import time

import pytest

from socle.backups.threads import Budget, OneAtATime, map_in_threads


def test_results_come_in_order_with_few_items_under_way():
    begun = []

    def items():
        for number in range(1000):
            begun.append(number)
            yield number

    results = map_in_threads(lambda one: one * 2, items(), threads=2)
    assert next(results) == 0
    assert len(begun) <= 8
    assert list(results) == [2 * number for number in range(1, 1000)]


def test_what_is_ready_takes_no_thread():
    asked = []
    results = map_in_threads(
        asked.append, [1, 2, 3], threads=2, ready=lambda one: one if one != 2 else None
    )
    assert list(results) == [1, None, 3]
    assert asked == [2]


def test_the_first_exception_ends_it():
    def work(number):
        if number == 3:
            raise ValueError(number)

    with pytest.raises(ValueError, match="3"):
        list(map_in_threads(work, range(1000), threads=2))


def most_at_once(share, *, total, expected, threads=8):
    """The first ones wait for as many as are expected, whoever starts slowly."""
    budget, lock, held, most = Budget(total), threading.Lock(), 0, 0
    reached = threading.Event()

    def work(_):
        nonlocal held, most
        with budget.of(share):
            with lock:
                held += 1
                most = max(most, held)
                if held >= expected:
                    reached.set()
            reached.wait(20)
            time.sleep(0.005)
            with lock:
                held -= 1

    list(map_in_threads(work, range(40), threads=threads))
    return most


@pytest.mark.parametrize(("share", "most"), [(3, 3), (10, 1), (1000, 1), (0, 8)])
def test_a_budget_is_shared_and_never_exceeded(share, most):
    assert most_at_once(share, total=10, expected=most) == most


def test_a_budget_comes_back_after_a_failure():
    budget = Budget(10)
    with pytest.raises(ValueError, match="x"), budget.of(10):
        raise ValueError("x")
    with budget.of(10):
        pass


def test_one_name_at_a_time_and_others_beside_it():
    names, busy, clashes = OneAtATime(), set(), []

    def work(number):
        name = str(number % 3)
        with names.on(name):
            clashes.append(name in busy)
            busy.add(name)
            time.sleep(0.001)
            busy.discard(name)

    list(map_in_threads(work, range(60), threads=8))
    assert not any(clashes)
