"""Places that keep backups. `open_store` picks the one that a URL names."""

from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from socle.backups.exceptions import StoreRefused
from socle.backups.stores.folder import FolderStore
from socle.backups.stores.interface import Reader, Store, StoredObject, Writer
from socle.backups.stores.retry import Patience

__all__ = ["Reader", "Store", "StoredObject", "Writer", "open_store"]


def open_store(
    url: str, *, key: dict[str, Any] | None = None, patience_seconds: float = 60
) -> Store:
    """
    The store at gs://BUCKET[/PREFIX], s3://BUCKET[/PREFIX] or file:///FOLDER. Nothing
    is asked of it yet.

    key: a service account's, for Google; without one the machine's own credentials
    are used. S3 finds its keys by itself, in the AWS_ variables.
    patience_seconds: how long a request that fails for a passing reason is repeated.

    Raises StoreRefused for any other form of URL, and for an unusable key.
    """
    parts = urlsplit(url)
    prefix, patience = parts.path.strip("/"), Patience(patience_seconds)
    if parts.scheme == "gs" and parts.netloc:
        return _google(parts.netloc, prefix=prefix, key=key, patience=patience)
    if parts.scheme == "s3" and key is not None:
        raise StoreRefused(
            f"{url} takes no key file. Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY "
            "in .env, then run: ./google_storage.sh -a"
        )
    if parts.scheme == "s3" and parts.netloc:
        return _s3(parts.netloc, prefix=prefix, patience=patience)
    if parts.scheme == "file" and not parts.netloc and parts.path[:1] == "/":
        return FolderStore(Path(unquote(parts.path)))
    raise StoreRefused(
        f"{url!r} is not the address of a store; it is gs://BUCKET, "
        "s3://BUCKET (both with /PREFIX, if you like) or file:///FOLDER. Correct "
        "BACKUP_STORAGE_URL in .env."
    )


# The clients of both take up to a second of every command to be imported: only the
# one that is needed is.


def _google(
    bucket: str, *, prefix: str, key: dict[str, Any] | None, patience: Patience
) -> Store:
    from socle.backups.stores.google import GoogleStore
    from socle.backups.stores.google_account import signed_in

    return GoogleStore(signed_in(key), bucket=bucket, prefix=prefix, patience=patience)


def _s3(bucket: str, *, prefix: str, patience: Patience) -> Store:
    from socle.backups.stores.s3 import S3Store
    from socle.backups.stores.s3_requests import signed_in

    return S3Store(signed_in(patience), bucket=bucket, prefix=prefix, patience=patience)
