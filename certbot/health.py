#!/usr/bin/env python3
"""
The container's health check: somebody looks, and there is a good certificate or hope.

A failed try is no illness while the certificate is good for two weeks: the next tries
come by themselves. Without a good one it is, and the reason stands in the answer.
"""

import os
import sys
import time

import certificates

TWO_WEEKS = 14 * 24 * 60 * 60


def illness() -> str:
    """Empty when all is well."""
    tick = certificates.TICK
    age = time.time() - tick.stat().st_mtime if tick.exists() else None
    if age is None or age > 15 * 60:
        return "Nobody looks after the certificate: docker compose restart certbot"
    if certificates.wish_of(dict(os.environ)).why_none:
        return ""
    if is_good_for_two_weeks():
        return ""
    waiting = "The first certificate is being asked for."
    return certificates.read_state().trouble or waiting


def is_good_for_two_weeks() -> bool:
    said = certificates.shown("-checkend", str(TWO_WEEKS))
    return "will not expire" in said


if __name__ == "__main__":
    ill = illness()
    certificates.say(ill or "well")
    sys.exit(1 if ill else 0)
