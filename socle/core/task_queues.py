"""Celery's queues: the default one, and those that CELERY_TASK_ROUTES names."""

from django.conf import settings


def queue_names() -> list[str]:
    """Sorted: what a worker takes from, and what the metrics count."""
    routes = settings.CELERY_TASK_ROUTES.values()
    routed = {route["queue"] for route in routes if "queue" in route}
    return sorted({settings.CELERY_TASK_DEFAULT_QUEUE, *routed})
