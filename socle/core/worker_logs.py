"""What Celery's worker says beside its log lines, brought into them."""

import logging
import sys
from typing import Any

from celery import Celery, bootsteps
from celery import __version__ as celery_version
from celery.signals import celeryd_init, setup_logging
from django.apps import apps
from django.conf import settings
from django_structlog.celery import signals
from structlog.contextvars import bind_contextvars

logger = logging.getLogger(__name__)


def connect(app: Celery) -> None:
    """Tasks take the request id along; the worker speaks in lines of the log alone."""
    app.steps["worker"].add(FollowTasks)
    setup_logging.connect(keep_the_sites_logging)
    celeryd_init.connect(speak_in_lines)
    signals.bind_extra_task_metadata.connect(name_the_task)
    signals.pre_task_succeeded.connect(say_the_result)


class FollowTasks(bootsteps.Step):
    """django-structlog's own has a receiver of its own: each sending is said twice."""

    def __init__(self, parent: Any, **kwargs: Any):
        super().__init__(parent, **kwargs)
        config: Any = apps.get_app_config("django_structlog")
        config._celery_receiver.connect_worker_signals()


def keep_the_sites_logging(**_kwargs: Any) -> None:
    """A receiver on this signal stops Celery from setting up logging of its own."""


def name_the_task(*, task: Any, **_kwargs: Any) -> None:
    bind_contextvars(task=task.name)


def say_the_result(*, result: Any, **_kwargs: Any) -> None:
    """In the line that says that the task succeeded: nothing else keeps it."""
    if result is not None:
        bind_contextvars(result=str(result))


def speak_in_lines(*, instance: Any, sender: str, **_kwargs: Any) -> None:
    """No banner, and what it says about its own end as a line like the others."""
    if not settings.LOG_JSON:
        return
    instance.quiet = True
    # Imported here at the top, it would be there before Sentry could come into it.
    program: Any = sys.modules[type(instance).__module__]
    program.safe_say = lambda message, *_streams: logger.info("%s", message)
    logger.info("Worker %s starts; it runs Celery %s.", sender, celery_version)
