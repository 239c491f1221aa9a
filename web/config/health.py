"""Whether this process lives, and whether the services it needs answer."""

from django.core.cache import cache
from django.db import DatabaseError, connection
from django.http import HttpResponse, JsonResponse
from redis.exceptions import RedisError


def live(_request):
    """200 as long as the process answers at all; touches nothing else."""
    return HttpResponse("alive", content_type="text/plain")


def ready(_request):
    """200 when database and Redis answer, else 503, each with its own error."""
    checks = {"database": database_state(), "redis": redis_state()}
    healthy = all(state == "ok" for state in checks.values())
    return JsonResponse(checks, status=200 if healthy else 503)


def database_state() -> str:
    """`ok`, or the driver's own error."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError as error:
        return first_line(error)
    return "ok"


def redis_state() -> str:
    """`ok`, or the driver's own error."""
    try:
        cache.get("health")
    except (RedisError, OSError) as error:
        return first_line(error)
    return "ok"


def first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]
