import pytest

from socle.backups.progress import Progress, readable_duration

MB = 1_000_000


class Clock:
    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


def test_where_lines_pile_up_there_is_one_every_ten_seconds(clock):
    said = []
    progress = Progress(said.append, clock=clock)

    progress.say("Media")
    for second in range(1, 26):
        clock.now = float(second)
        progress.moved("Sending", size_bytes=second * MB)

    assert said == [
        "Media",
        "  Sending: 10.0 MB so far, 1.1 MB/s",
        "  Sending: 20.0 MB so far, 1.1 MB/s",
    ]


def test_with_a_known_total_it_says_how_long_it_will_take(clock):
    said = []
    progress = Progress(said.append, clock=clock)
    totals = {"total_bytes": 1000 * MB, "total_files": 500}

    progress.moved("Sending", size_bytes=0, files=0, **totals)
    clock.now = 20.0
    progress.moved("Sending", size_bytes=400 * MB, files=100, **totals)

    assert said == [
        "  Sending: 100 of 500 files, 400.0 MB of 1.0 GB, 20.0 MB/s, "
        "about 1 min 20 s left"
    ]


def test_more_than_the_guessed_total_is_not_an_end(clock):
    said = []
    progress = Progress(said.append, clock=clock)

    progress.moved("Sending", size_bytes=0, total_bytes=10)
    clock.now = 10.0
    progress.moved("Sending", size_bytes=MB, files=7, total_bytes=10, total_files=3)

    assert said == ["  Sending: 7 files, 1.0 MB so far, 100.0 kB/s"]


def test_what_was_expected_counts_where_the_step_does_not_know(clock):
    said = []
    progress = Progress(said.append, clock=clock)

    progress.expect("Sending", total_bytes=100 * MB, total_files=10)
    progress.say("Media")
    progress.moved("Sending", size_bytes=0, files=0)
    clock.now = 10.0
    progress.moved("Sending", size_bytes=50 * MB, files=5)

    assert said[1] == (
        "  Sending: 5 of 10 files, 50.0 MB of 100.0 MB, 5.0 MB/s, about 10 s left"
    )


def test_on_a_terminal_one_line_is_written_anew(clock):
    said, line = [], []
    progress = Progress(said.append, rewrite=line.append, clock=clock)

    for _ in range(3):
        clock.now += 0.25
        progress.moved("Sending", size_bytes=MB)
    progress.say("Done")

    assert said == ["Done"]
    assert line == ["  Sending: 1.0 MB so far"] * 3 + [""]


def test_a_new_step_has_a_rate_of_its_own(clock):
    said = []
    progress = Progress(said.append, clock=clock)

    progress.moved("One", size_bytes=0)
    clock.now = 100.0
    progress.moved("Two", size_bytes=0)
    clock.now = 110.0
    progress.moved("Two", size_bytes=20 * MB)

    assert said[-1] == "  Two: 20.0 MB so far, 2.0 MB/s"


def test_whoever_listens_hears_it_once_a_second(clock):
    heard = []
    progress = Progress(heard=heard.append, clock=clock)

    progress.say("Media")
    for quarter in range(1, 10):
        clock.now = quarter / 4
        progress.moved("Sending", size_bytes=quarter)

    assert heard == [
        "Media",
        "Sending: 4 B so far",
        "Sending: 8 B so far, 5 B/s",
    ]


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 s"),
        (0.02, "0.1 s"),
        (0.4, "0.4 s"),
        (0.97, "1 s"),
        (59.4, "59 s"),
        (60, "1 min"),
        (125, "2 min 5 s"),
        (12000, "3 h 20 min"),
    ],
)
def test_readable_duration(seconds, words):
    assert readable_duration(seconds) == words
