"""The Celery application, and the file by which a worker shows that it lives."""

import os
from pathlib import Path

from celery import Celery
from celery.signals import heartbeat_sent, setup_logging
from django.conf import settings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("socle")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@heartbeat_sent.connect
def show_life(**_kwargs):
    """Sent every two seconds, but only while the broker can be reached."""
    Path(settings.WORKER_HEARTBEAT_FILE).touch()


@setup_logging.connect
def keep_the_sites_logging(**_kwargs):
    """A receiver on this signal stops Celery from setting up logging of its own."""
