"""How reliability is measured and written down: tests/chaos/prod, without Docker."""

import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module", autouse=True)
def _modules_of_the_cases():
    sys.path.insert(0, str(REPOSITORY / "tests/chaos/prod"))
    yield
    sys.path.remove(str(REPOSITORY / "tests/chaos/prod"))


def answers(*seen):
    """(began, ended, status) of pages."""
    from measures import Answer

    return [
        Answer("page", began, ended - began, status) for began, ended, status in seen
    ]


@pytest.mark.parametrize(
    ("seen", "seconds"),
    [
        ([(0, 1, 200), (2, 3, 200)], 0),
        ([(0, 1, 200), (2, 3, 503), (4, 5, 200)], 3),
        ([(0, 1, 200), (2, 3, 0), (4, 5, 503), (6, 8, 200)], 6),
        ([(0, 1, 503), (2, 3, 200), (4, 5, 503), (9, 9.5, 200)], 5.5),
        ([(0, 30, 0), (20, 21, 200), (31, 32, 200)], 11),
        ([(0, 1, 200), (2, 3, 503)], 98),
    ],
    ids=["none", "one error", "some", "the longest", "a request that hung", "no end"],
)
def test_downtime_is_the_longest_time_in_which_requests_failed(seen, seconds):
    from measures import downtime

    assert downtime(answers(*seen), until=100) == pytest.approx(seconds)


@pytest.mark.parametrize(
    ("began", "ended", "kinds", "is_excused"),
    [
        (11, 12, {"page"}, True),
        (9, 10.5, {"page"}, True),
        (19, 40, {"page"}, True),
        (20.5, 21, {"page"}, False),
        (8, 9, {"page"}, False),
        (11, 12, {"upload"}, False),
    ],
)
def test_only_the_named_moment_excuses_an_error(began, ended, kinds, is_excused):
    from measures import Moment

    (answer,) = answers((began, ended, 503))

    assert Moment(10, 20, frozenset(kinds)).excuses(answer) is is_excused


@pytest.mark.parametrize(("status", "is_good"), [(200, True), (302, False), (0, False)])
def test_being_sent_to_the_sign_in_is_no_good_answer(status, is_good):
    (answer,) = answers((0, 1, status))

    assert answer.is_good is is_good


def row(case: str, *, is_kept: bool = True):
    from table import Row

    return Row(case, "no error", is_kept, "none", "0 / 0 of 9", "0 of 3", "", "today")


def document(*rows: str) -> str:
    from table import BEGIN, END, HEAD

    lines = "\n".join([*HEAD, *rows]) if rows else ""
    return f"before\n{BEGIN}\n{lines}\n{END}\nafter\n"


def test_a_case_that_ran_again_replaces_its_row_and_no_other():
    from table import update

    text = document(row("one").line(), row("two").line())

    updated = update(text, [row("one", is_kept=False)], is_whole=False, run="A run.")

    assert "| one | no error | **no** |" in updated
    assert "| one | no error | yes |" not in updated
    assert "| two | no error | yes |" in updated
    assert updated.index("| one |") < updated.index("| two |")
    assert updated.startswith("before\n")
    assert updated.endswith("after\n")
    assert "A run." in updated


def test_a_whole_run_drops_the_rows_of_cases_that_are_no_more():
    from table import update

    text = document(row("gone").line())

    assert "gone" not in update(text, [row("one")], is_whole=True, run="")


def test_a_run_twice_over_changes_nothing_else():
    from table import update

    once = update(document(), [row("a | b")], is_whole=False, run="A run.")

    assert update(once, [row("a | b")], is_whole=False, run="A run.") == once


def test_a_document_without_its_marks_is_left_alone():
    from table import update

    with pytest.raises(ValueError, match="must have the lines"):
        update("nothing here", [row("one")], is_whole=False, run="")
