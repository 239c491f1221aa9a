"""Metrics of the site itself: whether it answers, what its checks say, its queues."""

import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from celery import current_app
from django.conf import settings
from django.core.cache import cache
from prometheus_client.core import GaugeMetricFamily, Metric

from socle.core.health.certificate import nginx_ends_tls, read_shown
from socle.core.health.check_runner import ask_all
from socle.core.health.host import nearest
from socle.core.health.results import CheckState
from socle.core.health.worker import CANARY_KEY
from socle.core.task_queues import queue_names

NUMBERS = {CheckState.OK: 0, CheckState.WARN: 1, CheckState.FAIL: 2}
STARTED = float(os.environ.get("METRICS_SINCE") or time.time())
SECONDS = 3


def gauge(name: str, text: str, value: float) -> Metric:
    return GaugeMetricFamily(name, text, value=value)


def answers() -> Iterator[Metric]:
    """Whether a thread of gunicorn's is there to answer, and after how long."""
    request = Request(f"http://127.0.0.1:{settings.WEB_PORT}/health/live")
    began = time.perf_counter()
    try:
        with urlopen(request, timeout=SECONDS):
            up = 1
    except HTTPError:
        up = 1
    except OSError:
        up = 0
    seconds = time.perf_counter() - began
    yield gauge("site_up", "1 while gunicorn answers.", up)
    yield gauge("site_answer_seconds", "How long /health/live took.", seconds)
    yield gauge(
        "site_start_timestamp_seconds", "When the container's site began.", STARTED
    )
    info = GaugeMetricFamily("site_info", "1.", labels=["release", "environment"])
    info.add_metric([settings.IMAGE_TAG, settings.ENVIRONMENT], 1)
    yield info


def checks() -> Iterator[Metric]:
    """The same facts as /health/ready and the operations page."""
    family = GaugeMetricFamily(
        "site_check_state",
        "What a check says: 0 it is well, 1 it wants a look, 2 it fails.",
        labels=["check"],
    )
    for fact in ask_all():
        family.add_metric([fact.name], NUMBERS[fact.state])
    yield family


def queues() -> Iterator[Metric]:
    waiting = GaugeMetricFamily(
        "celery_queue_length", "Tasks that wait in the broker.", labels=["queue"]
    )
    with current_app.connection_for_read(connect_timeout=SECONDS) as connection:
        connection.ensure_connection(max_retries=1, timeout=SECONDS)
        redis = connection.default_channel.client
        for name in queue_names():
            waiting.add_metric([name], redis.llen(name))
        taken = redis.hlen("unacked")
    yield waiting
    yield gauge("celery_tasks_taken", "Tasks that workers have taken.", taken)


def canary() -> Iterator[Metric]:
    """No number where no worker ever carried one out: an alert asks for that too."""
    sung_at = cache.get(CANARY_KEY)
    if sung_at is not None:
        yield gauge(
            "worker_canary_timestamp_seconds",
            "When a worker last carried out its canary task.",
            sung_at.timestamp(),
        )


def disk() -> Iterator[Metric]:
    usage = shutil.disk_usage(nearest(Path(settings.MEDIA_ROOT)))
    yield gauge("site_disk_size_bytes", "Of what holds the uploads.", usage.total)
    yield gauge("site_disk_free_bytes", "What is free of it.", usage.free)


def certificate() -> Iterator[Metric]:
    """Nothing where nginx speaks plain http; 0 for nginx where it does not answer."""
    if not nginx_ends_tls():
        return
    try:
        shown = read_shown()
    except (OSError, ValueError):
        yield gauge("nginx_up", "1 while nginx answers with TLS.", 0)
        return
    yield gauge("nginx_up", "1 while nginx answers with TLS.", 1)
    yield gauge(
        "nginx_certificate_expiry_timestamp_seconds",
        "When the certificate that visitors are shown ends.",
        shown.not_valid_after_utc.timestamp(),
    )
