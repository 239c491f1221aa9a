"""django-dbbackup as its documentation sets it up, with Google's storage."""

import os

from google.auth.credentials import AnonymousCredentials

SECRET_KEY = "of-a-benchmark"  # noqa: S105
USE_TZ = True
INSTALLED_APPS = ["dbbackup"]
MEDIA_ROOT = os.environ["MEDIA_ROOT"]
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": os.environ["PGDATABASE"],
        "USER": os.environ["PGUSER"],
        "HOST": os.environ["PGHOST"],
        "PORT": os.environ["PGPORT"],
    }
}
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "dbbackup": {
        "BACKEND": "storages.backends.gcloud.GoogleCloudStorage",
        "OPTIONS": {
            "bucket_name": os.environ["BENCH_BUCKET"],
            "project_id": "bench",
            "location": "dbbackup",
            "credentials": AnonymousCredentials(),
            "file_overwrite": True,
            # Else the .gz comes back unpacked, and "dbrestore -z" fails on it.
            "object_parameters": {"content_encoding": None},
        },
    },
}
DBBACKUP_TMP_DIR = os.environ["TMPDIR"]
DBBACKUP_SEND_EMAIL = False
