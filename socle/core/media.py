"""Where uploads are kept: the folder MEDIA_ROOT, or a bucket."""

from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

# A link to a file is followed at once; whoever copies it can use it this long.
SIGNED_FOR = timedelta(minutes=10)
IN_MEMORY_BYTES = 4 * 1024 * 1024  # of a file that is read; the rest goes to TMPDIR
FOLDER = {
    "BACKEND": "django.core.files.storage.FileSystemStorage",
    "OPTIONS": {"allow_overwrite": True},  # a second run writes the same files
}

BUCKETS: dict[str, tuple[str, dict[str, Any]]] = {
    "gs": ("storages.backends.gcloud.GoogleCloudStorage", {"expiration": SIGNED_FOR}),
    "s3": (
        "storages.backends.s3.S3Storage",
        {"querystring_expire": int(SIGNED_FOR.total_seconds())},
    ),
}


def media_storage(url: str) -> dict[str, Any]:
    """
    Django's setting for gs://BUCKET/PREFIX or s3://BUCKET/PREFIX; "" is the folder.

    Raises ValueError for anything else.
    """
    parts = urlsplit(url)
    location = parts.path.strip("/")
    if not url:
        return FOLDER
    if parts.scheme in BUCKETS and parts.netloc and location:
        backend, lifetime = BUCKETS[parts.scheme]
        return {
            "BACKEND": backend,
            "OPTIONS": {
                "bucket_name": parts.netloc,
                "location": location,
                "max_memory_size": IN_MEMORY_BYTES,
                **lifetime,
            },
        }
    raise ValueError(f"{url!r} is neither gs://BUCKET/FOLDER nor s3://BUCKET/FOLDER")


def downloads_storage(url: str, *, folder: Path) -> dict[str, Any]:
    """
    Django's setting for the zips that are made: beside the media, never among them.

    Raises ValueError as `media_storage` does.
    """
    if url:
        return media_storage(f"{url.rstrip('/')}-downloads")
    return {**FOLDER, "OPTIONS": {"allow_overwrite": True, "location": folder}}
