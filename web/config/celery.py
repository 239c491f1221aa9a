"""The Celery application, and the file by which a worker shows that it lives."""

import os
from pathlib import Path

from celery import Celery
from celery.signals import heartbeat_sent
from django.conf import settings

from config import worker_logs

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("socle")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
worker_logs.connect(app)


@heartbeat_sent.connect
def show_life(**_kwargs):
    """Sent every two seconds, but only while the broker can be reached."""
    Path(settings.WORKER_HEARTBEAT_FILE).touch()
