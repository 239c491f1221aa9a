"""Places that keep backups. `open_store` picks the one that a URL names."""

from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from backups.exceptions import StoreRefused
from backups.stores.folder import FolderStore
from backups.stores.google import GoogleStore, signed_in
from backups.stores.interface import Reader, Store, StoredObject, Writer

__all__ = ["Reader", "Store", "StoredObject", "Writer", "open_store"]


def open_store(
    url: str, *, key: dict[str, Any] | None = None, patience_seconds: float = 60
) -> Store:
    """
    The store at gs://BUCKET[/PREFIX] or file:///FOLDER. Nothing is asked of it yet.

    key: a service account's, for a store that signs in with one; else the machine's
    own credentials are used.
    patience_seconds: how long a request that fails for a passing reason is repeated.

    Raises StoreRefused for any other form of URL, and for an unusable key.
    """
    parts = urlsplit(url)
    if parts.scheme == "gs" and parts.netloc:
        prefix = parts.path.strip("/")
        return GoogleStore(
            signed_in(key),
            bucket=parts.netloc,
            prefix=prefix,
            patience_seconds=patience_seconds,
        )
    if parts.scheme == "file" and not parts.netloc and parts.path[:1] == "/":
        return FolderStore(Path(unquote(parts.path)))
    raise StoreRefused(
        f"{url!r} is not the address of a store; it is gs://BUCKET, "
        "gs://BUCKET/PREFIX or file:///FOLDER. Correct BACKUP_STORAGE_URL in .env."
    )
