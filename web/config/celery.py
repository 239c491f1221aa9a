"""The Celery application: `celery --app=config`."""

import os

from socle.core.celery_app import make_celery_app

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
app = make_celery_app()
