"""What one process of the site found out, for all of them: nothing, without Redis."""

from typing import Any

from django.core.cache import cache
from redis.exceptions import RedisError

REDIS_ERRORS = (RedisError, OSError)


def recall(key: str) -> Any:
    """None when nothing is remembered, or Redis does not answer."""
    try:
        return cache.get(key)
    except REDIS_ERRORS:
        return None


def remember(key: str, value: object, seconds: float) -> None:
    """For so many seconds; without Redis whoever recalls it finds it out again."""
    try:
        cache.set(key, value, seconds)
    except REDIS_ERRORS:
        return
