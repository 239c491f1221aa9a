"""Numbers that no browser sends, and that `int` refuses or reads in its own way."""

import io

import pytest
from django.test import RequestFactory

from gallery.ranges import answer

CONTENT = b"0123456789"
MANY = "9" * 5000  # digits; Python's int takes 4,300


@pytest.mark.parametrize(
    ("asked", "status", "expected"),
    [
        (f"bytes={MANY}-", 416, b""),
        (f"bytes={MANY}-{MANY}", 416, b""),
        (f"bytes=3-{MANY}", 206, CONTENT[3:]),
        (f"bytes=-{MANY}", 206, CONTENT),
        (f"bytes={'0' * 5000}2-3", 206, b"23"),
        ("bytes=٣-٤", 200, CONTENT),
        ("bytes=²-", 200, CONTENT),
    ],
)
def test_a_range_of_a_strange_number_is_no_fault(asked, status, expected):
    request = RequestFactory().get("/", headers={"Range": asked})

    answered = answer(request, io.BytesIO(CONTENT), size=len(CONTENT), modified=None)

    content = b"".join(answered) if answered.streaming else answered.content
    assert (answered.status_code, content) == (status, expected)
