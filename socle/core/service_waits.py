"""Waiting for services, bounded in time, with the driver's own error at the end."""

import time
from collections.abc import Callable

from django.core.cache import cache
from django.db import DatabaseError, connection
from redis.exceptions import RedisError

PAUSE_SECONDS = 0.5


class ServiceNotReady(Exception):
    """A service did not answer in time. The text names it and quotes its error."""


def log_in_to_database() -> None:
    """An open port proves nothing: only a query does."""
    connection.close()
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def ask_redis() -> None:
    cache.get("waiting")


PROBES: dict[str, Callable[[], None]] = {
    "Postgres": log_in_to_database,
    "Redis": ask_redis,
}


def wait_for_services(
    *,
    timeout_seconds: float,
    probes: dict[str, Callable[[], None]] | None = None,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """
    Return once every probe succeeded. `timeout_seconds` is for all of them together.

    Raises NotReady with the last error of the service that did not answer.
    """
    deadline = clock() + timeout_seconds
    for name, probe in (probes or PROBES).items():
        while True:
            try:
                probe()
                break
            except (DatabaseError, RedisError, OSError) as error:
                if clock() >= deadline:
                    raise ServiceNotReady(
                        f"{name} did not answer within {timeout_seconds:g} s. "
                        f"Its driver says: {str(error).strip()}"
                    ) from error
            sleep(PAUSE_SECONDS)
