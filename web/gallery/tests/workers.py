"""Waiting for what a worker does."""

import time


def wait_for(photo, state, *, timeout_seconds=90):
    deadline = time.monotonic() + timeout_seconds
    while photo.state != state:
        assert time.monotonic() < deadline, (photo.state, photo.error)
        time.sleep(0.02)
        photo.refresh_from_db()
