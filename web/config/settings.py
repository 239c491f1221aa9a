"""This project's settings: the base's (socle/core/settings.py), then what is yours."""

from socle.core.settings import *  # noqa: F403
from socle.core.settings import (
    BASE_APPS,
    MENU_ENTRIES,
    METRICS_COLLECTORS,
    SPECTACULAR_SETTINGS,
    env,
)

# Your apps: lint, types, translations, contracts and tests read this list as well.
PROJECT_APPS = ["accounts", "gallery"]
INSTALLED_APPS = [*BASE_APPS, *PROJECT_APPS]

LANGUAGES = [("en", "English"), ("fr", "Français")]
AUTH_USER_MODEL = "accounts.User"
LOGIN_REDIRECT_URL = "gallery:list"

MENU_ENTRIES = ["gallery.menu.entries", "accounts.menu.entries", *MENU_ENTRIES]

# Each new queue is one that `manage.py run_worker` takes from.
CELERY_TASK_ROUTES = {"gallery.*": {"queue": "images"}}
PHOTO_LIMIT_MEGAPIXELS = env.number("PHOTO_LIMIT_MEGAPIXELS", 64)

# Run in a restored database that comes from another environment.
BACKUP_SCRUBBERS = ["accounts.scrubbing.scrub_people"]
METRICS_COLLECTORS += ["gallery.metrics.collect"]
SPECTACULAR_SETTINGS["ENUM_NAME_OVERRIDES"] |= {
    "WorkState": "gallery.models.Photo.State",
    "UploadState": "gallery.models.Upload.State",
    "Visibility": "gallery.models.Gallery.Visibility",
}

env.raise_mistakes()  # all of them at once: this stays the last line
