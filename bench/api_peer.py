"""
The peer: the same rows behind a Django project's usual production set-up.

Session and REST framework as cookiecutter-django sets them up: ATOMIC_REQUESTS,
CONN_MAX_AGE 60, sessions in the database, ModelSerializer, numbered pages with their
count, and a view that reads the file and sends it. Run by gunicorn with 4 sync workers.
"""

from config.settings import *  # noqa: F403
from config.settings import DATABASES

ROOT_URLCONF = "api_peer_urls"
WSGI_APPLICATION = None
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
AUTHENTICATION_BACKENDS = ["django.contrib.auth.backends.ModelBackend"]
DATABASES["default"] |= {"ATOMIC_REQUESTS": True, "CONN_MAX_AGE": 60}
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "rest_framework.authentication.SessionAuthentication"
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_PAGINATION_CLASS": "rest_framework.pagination.PageNumberPagination",
    "PAGE_SIZE": 100,
}
