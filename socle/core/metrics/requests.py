"""How many requests there were, how they ended and how long they took."""

import os
import time
from collections.abc import Callable
from typing import Any

from django.core.exceptions import MiddlewareNotUsed
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
BUCKETS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
NOT_COUNTED = ("/health/", "/static/")
REGISTRY = CollectorRegistry()

REQUESTS = Counter(
    "http_requests_total",
    "Requests answered by Django; `view` is the name of the page, not its address.",
    ["method", "view", "status"],
    registry=REGISTRY,
)
DURATION = Histogram(
    "http_request_duration_seconds",
    "From the middleware's first line to the whole answer (to its head, if streamed).",
    ["view"],
    buckets=BUCKETS,
    registry=REGISTRY,
)
IN_PROGRESS = Gauge(
    "http_requests_in_progress",
    "Requests that hold a thread of gunicorn's.",
    multiprocess_mode="livesum",
    registry=REGISTRY,
)


class MetricsMiddleware:
    """Left out where no port for metrics is set."""

    sync_capable = True
    async_capable = False

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]):
        if not os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
            raise MiddlewareNotUsed
        self._get_response = get_response
        # Labels are looked up once each: by the library that is the dearest part.
        self._counters: dict[tuple[str, str, int], Any] = {}
        self._timers: dict[str, Any] = {}

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.path_info.startswith(NOT_COUNTED):
            return self._get_response(request)
        began = time.perf_counter()
        IN_PROGRESS.inc()
        status = 500
        try:
            response = self._get_response(request)
            status = response.status_code
            return response
        finally:
            IN_PROGRESS.dec()
            self._count(request, status, time.perf_counter() - began)

    def _count(self, request: HttpRequest, status: int, seconds: float) -> None:
        method = request.method if request.method in METHODS else "other"
        view = view_of(request)
        kind = (method or "", view, status)
        counter = self._counters.get(kind)
        if counter is None:
            counter = self._counters[kind] = REQUESTS.labels(*kind)
        counter.inc()
        timer = self._timers.get(view)
        if timer is None:
            timer = self._timers[view] = DURATION.labels(view)
        timer.observe(seconds)


def view_of(request: HttpRequest) -> str:
    """Few and known names, whatever addresses are asked for."""
    match = request.resolver_match
    return match.view_name if match else "none"
