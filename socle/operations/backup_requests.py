"""A backup that somebody asked for on the page, until cron begins it."""

from dataclasses import dataclass
from datetime import datetime

from django.core.cache import cache

from socle.core.cache_or_none import recall

KEY = "operations:asked"
# A cron that comes back later than this does not begin it any more.
WAITING_SECONDS = 10 * 60


@dataclass(frozen=True)
class Asked:
    by: str
    at: datetime


def asked() -> Asked | None:
    """None also without Redis, of which the page tells elsewhere."""
    return recall(KEY)


def ask(*, by: str, now: datetime) -> bool:
    """False when somebody has asked already. Raises RedisError."""
    return cache.add(KEY, Asked(by, now), WAITING_SECONDS)


def take_up() -> None:
    """It is begun now. Raises RedisError."""
    cache.delete(KEY)
