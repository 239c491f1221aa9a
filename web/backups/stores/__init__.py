"""Places that keep backups. `open_store` picks the one that a URL names."""

from pathlib import Path
from urllib.parse import unquote, urlsplit

from backups.exceptions import StoreRefused
from backups.stores.folder import FolderStore
from backups.stores.google import GoogleStore
from backups.stores.interface import Reader, Store, StoredObject, Writer

__all__ = ["Reader", "Store", "StoredObject", "Writer", "open_store"]


def open_store(url: str, *, key_file: Path | None = None) -> Store:
    """
    The store at gs://BUCKET[/PREFIX] or file:///FOLDER. Nothing is asked of it yet.

    key_file: a service account's key, for a store that signs in with one.

    Raises StoreRefused for any other form of URL, and for an unusable key.
    """
    parts = urlsplit(url)
    if parts.scheme == "gs" and parts.netloc:
        prefix = parts.path.strip("/")
        return GoogleStore.signed_in(parts.netloc, prefix=prefix, key_file=key_file)
    if parts.scheme == "file" and not parts.netloc and len(parts.path) > 1:
        return FolderStore(Path(unquote(parts.path)))
    raise StoreRefused(
        f"{url!r} is not the address of a store; it is gs://BUCKET, "
        "gs://BUCKET/PREFIX or file:///FOLDER. Correct BACKUP_STORAGE_URL in .env."
    )
