"""gunicorn's settings: the base's, then what is yours. Of Gunicorn's documentation."""

from socle.core.gunicorn_settings import *  # noqa: F403
