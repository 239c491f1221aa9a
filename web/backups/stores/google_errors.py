"""The official client's many exceptions, as this app's few."""

from collections.abc import Iterator
from contextlib import contextmanager

import requests
from google.api_core import exceptions as api
from google.auth import exceptions as auth
from google.cloud.storage.exceptions import DataCorruption, InvalidResponse

from backups.exceptions import (
    BackupError,
    ObjectDamaged,
    ObjectExists,
    ObjectMissing,
    StoreRefused,
    StoreUnavailable,
)

AUTHENTICATE = "./google_storage.sh -a KEYFILE"
_PASSING = {408, 429, 500, 502, 503, 504}


@contextmanager
def translated(url: str, *, bucket: str, name: str = "") -> Iterator[None]:
    """
    Raises BackupErrors in place of the client's.

    name: of the object that the block asks for; empty where it asks for the bucket.
    """
    try:
        yield
    except DataCorruption as error:
        raise ObjectDamaged(f"{url}/{name} is damaged: {error}") from error
    except (auth.TransportError, requests.RequestException, api.RetryError) as error:
        raise _unavailable(url, error) from error
    except auth.GoogleAuthError as error:
        raise StoreRefused(
            f"{url} cannot be signed in to: {error} A wrong clock on this machine does "
            f"this too. Run: {AUTHENTICATE}"
        ) from error
    except (api.GoogleAPICallError, InvalidResponse) as error:
        raise _answered(url, error, bucket=bucket, name=name) from error


def _answered(url: str, error: Exception, *, bucket: str, name: str) -> BackupError:
    status = _status(error)
    if status == 404 and name and "bucket does not exist" not in str(error):
        return ObjectMissing(f"{url}/{name} is not there.")
    if status == 404:
        return StoreRefused(
            f"There is no bucket {bucket!r}. Make it, or correct BACKUP_STORAGE_URL in "
            ".env (the emulator's bucket is made by: ./google_storage.sh -a)."
        )
    if status == 412:
        return ObjectExists(f"{url}/{name} exists already.")
    if status in {401, 403}:
        return StoreRefused(
            f"{url} refuses this account: {_words(error)} It needs the role Storage "
            f"Object Admin on the bucket. Grant it, then run: {AUTHENTICATE}"
        )
    if status in _PASSING:
        return _unavailable(url, error)
    return StoreRefused(f"{url} answered {status}: {_words(error)}")


def _status(error: Exception) -> int:
    if isinstance(error, InvalidResponse):
        return int(error.response.status_code)
    return int(getattr(error, "code", None) or 0)


def _unavailable(url: str, error: Exception) -> StoreUnavailable:
    return StoreUnavailable(
        f"{url} cannot be reached: {_words(error)} When it answers again, run: "
        "./google_storage.sh -a"
    )


def _words(error: Exception) -> str:
    """One line of the innermost error: what wraps it says the same at length."""
    inner: object = error
    while isinstance(inner, BaseException):
        error = inner  # type: ignore[assignment]
        wrapped = [getattr(inner, "cause", None), getattr(inner, "reason", None)]
        inner = next((one for one in [*wrapped, *inner.args] if one), None)
    line = " ".join(str(error).split())
    return line if line.endswith(".") else f"{line}."
