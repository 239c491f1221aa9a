"""How often somebody may ask for what costs much or invites guessing."""

import logging
import math

from django.core.cache import cache
from redis.exceptions import RedisError
from rest_framework.throttling import ScopedRateThrottle

from socle.core.client_networks import network_of

logger = logging.getLogger(__name__)


class WindowThrottle(ScopedRateThrottle):
    """
    Counts requests in fixed windows, by one atomic step in Redis.

    DRF's own reads and writes a list of all times: two steps, between which others
    slip through. Without Redis nobody is stopped: signing in has its lock-out as well.
    """

    def allow_request(self, request, view):
        self.scope = getattr(view, self.scope_attr, None)
        if not self.scope:
            return True
        limit, seconds = self.parse_rate(self.get_rate())
        now = self.timer()
        window = int(now // seconds)
        self.wait_seconds = math.ceil((window + 1) * seconds - now)
        key = self.get_cache_key(request, view)
        return count(f"{key}_{window}", seconds=seconds) <= limit

    def get_ident(self, request):
        return network_of(super().get_ident(request))

    def wait(self) -> int:
        return self.wait_seconds

    def parse_rate(self, rate) -> tuple[int, int]:
        """How many in how many seconds. Each scope has a rate: see settings."""
        limit, seconds = super().parse_rate(rate)
        assert limit is not None
        assert seconds is not None
        return limit, seconds


def count(key: str, *, seconds: int) -> int:
    """How many times this was asked in its window, this one included."""
    try:
        cache.add(key, 0, timeout=seconds)
        return cache.incr(key)
    except (RedisError, OSError) as error:
        logger.warning("Requests cannot be counted: %s", error)
    except ValueError:  # it ended between the two steps
        pass
    return 1
