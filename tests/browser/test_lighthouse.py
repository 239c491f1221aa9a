"""What Lighthouse says that no clock decides. Its times are for bench/pages."""

import shutil

import pytest
from lighthouse import look_at

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.skipif(
        shutil.which("npm") is None, reason="Lighthouse comes by npm, which is missing."
    ),
]
LEAST = 95
MOST_SCRIPT_BYTES = 120_000
MOST_SHIFT = 0.02


@pytest.mark.parametrize("page", ["list", "gallery"])
def test_lighthouse_marks_little_down(site, shown, page):
    report = look_at(site.url + ("/" if page == "list" else shown))

    assert report.scores["accessibility"] >= LEAST, report.faults
    assert report.scores["best-practices"] >= LEAST, report.faults
    assert report.script_bytes <= MOST_SCRIPT_BYTES
    assert report.layout_shift <= MOST_SHIFT
