"""
A small task a minute, to this very worker: carried out, it proves that tasks are.

A worker can live, answer pings and send heartbeats, and yet take no task any more, as
after some restarts of Redis. Such a one ends itself here; Docker starts it anew.
"""

import logging
import os
import signal
import time
from collections.abc import Callable, Hashable
from contextlib import suppress
from pathlib import Path
from threading import Event, Thread

from billiard import active_children
from celery import current_app, shared_task
from celery.signals import worker_ready, worker_shutting_down
from celery.utils.nodenames import worker_direct
from celery.worker import state
from django.conf import settings
from django.core.cache import cache
from django.utils import timezone
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

from socle.core.health.worker import BUSY_KEY, CANARY_KEY

logger = logging.getLogger(__name__)
LOOK_SECONDS = 5.0
# Who looks this late has stood still, as after a night of the laptop.
STOOD_STILL_SECONDS = 30.0
KEPT_SECONDS = 24 * 60 * 60
LOGS_OF_TASKS = (
    "celery.worker.strategy",
    "celery.app.trace",
    "django_structlog.celery.receivers",
)
NAMING = ("name", "task", "task_name", "child_task_name")
# A task that is killed at its limit needs a moment to be gone.
GRACE_SECONDS = 30


@shared_task(acks_late=False, reject_on_worker_lost=False)
def sing() -> None:
    """The container's health check reads the file, /health/ready the time."""
    Path(settings.WORKER_CANARY_FILE).touch()
    cache.set(CANARY_KEY, timezone.now(), KEPT_SECONDS)


sing.send_events = False  # Flower's list is for what people wait for


class Watch:
    """For how long a worker has been deaf without an excuse; by a monotonic clock."""

    def __init__(self, *, now: float):
        self._excused_at = now
        self._looked_at = now
        self._heard: Hashable = 0

    def look(
        self, *, now: float, heard: Hashable, redis_answers: bool, is_busy: bool
    ) -> float:
        """
        Seconds since the last canary, or since there was an excuse for its silence.

        heard:  anything that changes with each canary that is carried out.
        """
        stood_still = now - self._looked_at > STOOD_STILL_SECONDS
        if heard != self._heard or not redis_answers or is_busy or stood_still:
            self._excused_at = now
        self._heard, self._looked_at = heard, now
        return now - self._excused_at


class Watchdog(Thread):
    """Sends the canaries of one worker, and ends its process when none is heard."""

    def __init__(self, hostname: str, *, processes: int, end: Callable[[float], None]):
        super().__init__(name="canary", daemon=True)
        self.over = Event()
        self._hostname = hostname
        self._processes = processes
        self._end = end
        self._send_at = float("-inf")

    def run(self) -> None:
        watch = Watch(now=time.monotonic())
        every = min(LOOK_SECONDS, settings.WORKER_CANARY_SECONDS)
        while not self.over.is_set():
            busy = is_busy(self._processes)
            answers = self._talk_to_redis(busy=busy)  # may take its time
            seconds = watch.look(
                now=time.monotonic(),
                heard=last_heard(),
                redis_answers=answers,
                is_busy=busy,
            )
            if seconds >= settings.WORKER_DEAF_SECONDS and not self.over.is_set():
                self._end(seconds)
            self.over.wait(every)

    def _talk_to_redis(self, *, busy: bool) -> bool:
        """Whether it answers; on the way, what is to be said is said."""
        try:
            if busy:  # a canary would only wait, and one more each minute
                cache.set(BUSY_KEY, 1, STOOD_STILL_SECONDS)
                Path(settings.WORKER_CANARY_FILE).touch()  # all is well
            elif time.monotonic() >= self._send_at:
                send(self._hostname)
                self._send_at = time.monotonic() + settings.WORKER_CANARY_SECONDS
            cache.get(CANARY_KEY)
        except (RedisError, OperationalError, OSError) as error:
            logger.warning("The worker's canary could not be sent: %s", error)
            return False
        return True


def send(hostname: str) -> None:
    """
    To the queue of this one worker; also declares it anew, if Redis was emptied.

    Raises kombu's OperationalError, or what the client of Redis raises.
    """
    with current_app.connection_for_write() as connection:
        sing.apply_async(
            queue=worker_direct(hostname), connection=connection, retry=False
        )


def last_heard() -> int:
    """When the file was touched, or 0: only that it changes is of interest."""
    try:
        return Path(settings.WORKER_CANARY_FILE).stat().st_mtime_ns
    except OSError:
        return 0


def is_busy(processes: int) -> bool:
    """Every process is at a task that has not used up its time: canaries wait."""
    now = time.time()
    at_work = [
        request
        for request in list(state.active_requests)
        if request.name != sing.name  # one that takes its time is no excuse for others
        and now < (request.time_start or now) + limit_of(request) + GRACE_SECONDS
    ]
    return len(at_work) >= processes


def limit_of(request) -> float:
    """In seconds: after so long the worker kills the task by itself."""
    own = request.time_limits[0] or request.task.time_limit
    return own or settings.CELERY_TASK_TIME_LIMIT


def end_process(seconds: float) -> None:
    """
    At once: what is deaf cannot be asked to stop. Tasks that were under way are given
    to a worker again, as those of one that was killed are.
    """
    logger.critical(
        "This worker has carried out no task for %d s although Redis answers; it ends "
        "itself to be started anew.",
        seconds,
    )
    logging.shutdown()
    for child in active_children():
        with suppress(ProcessLookupError):
            os.kill(child.pid, signal.SIGKILL)
    watcher = int(os.environ.get("WORKER_WATCHED_BY") or 0)
    if watcher:  # of the code: it would wait for the next change
        os.kill(watcher, signal.SIGTERM)
    os._exit(1)


_watchdogs: list[Watchdog] = []


@worker_ready.connect
def begin(sender, **_kwargs) -> None:
    path = Path(settings.WORKER_CANARY_FILE)
    try:
        path.touch()
        path.unlink()
    except OSError as error:  # no canary could be heard, however well it sings
        logger.error(
            "This worker is not watched: %s. Correct WORKER_CANARY_FILE.", error
        )
        return
    dog = Watchdog(
        sender.hostname, processes=sender.controller.concurrency, end=end_process
    )
    _watchdogs.append(dog)
    dog.start()


@worker_shutting_down.connect
def stop(**_kwargs) -> None:
    for dog in _watchdogs:
        dog.over.set()


def is_no_canary(record: logging.LogRecord) -> bool:
    """The lines of one a minute that is well say nothing; those of a failure do."""
    facts = record.msg if isinstance(record.msg, dict) else record.args  # structlog's
    if not isinstance(facts, dict) or record.levelno > logging.INFO:
        return True
    return sing.name not in {facts.get(key) for key in NAMING}


for _name in LOGS_OF_TASKS:
    logging.getLogger(_name).addFilter(is_no_canary)
