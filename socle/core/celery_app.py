"""Makes the Celery application, and the file by which a worker shows that it lives."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from celery import Celery
from celery.signals import heartbeat_sent
from django.conf import settings

from socle.core import worker_logs

PREFIX = "CELERY_"


class CelerySettings(Mapping):
    """
    Those of Django's settings that are Celery's, by Celery's names. A worker tells
    Flower every setting that it was given, and hides a password under these names only.
    """

    def __getitem__(self, name: str) -> Any:
        try:
            return getattr(settings, PREFIX + name.upper())
        except AttributeError:
            raise KeyError(name) from None

    def __iter__(self) -> Iterator[str]:
        names = (name for name in dir(settings) if name.startswith(PREFIX))
        return (name.removeprefix(PREFIX).lower() for name in names)

    def __len__(self) -> int:
        return sum(1 for _ in self)


def make_celery_app() -> Celery:
    """Reads Django's settings when it is first used, and finds each app's tasks."""
    app = Celery("socle")
    app.config_from_object(CelerySettings())
    app.autodiscover_tasks()
    worker_logs.connect(app)
    return app


@heartbeat_sent.connect
def show_life(**_kwargs):
    """Sent every two seconds, but only while the broker can be reached."""
    Path(settings.WORKER_HEARTBEAT_FILE).touch()
