"""Waiting for something to become true: never for a fixed time."""

import time
from collections.abc import Callable
from typing import TypeVar

import requests

Answer = TypeVar("Answer")
NOT_YET = (AssertionError, requests.RequestException)


def wait_until(
    ask: Callable[[], Answer], *, within: float, what: str, pause: float = 0.3
) -> Answer:
    """
    Call `ask` until it returns something true, and return that.

    A failed assertion or connection inside `ask` means "not yet"; the last one is in
    the message when `within` seconds have passed.
    """
    deadline = time.monotonic() + within
    while True:
        try:
            last: object = ask()
            if last:
                return last
        except NOT_YET as error:
            last = error
        assert time.monotonic() < deadline, (
            f"Waited {within:g} s: {what}. The last answer was: {last!r}"
        )
        time.sleep(pause)
