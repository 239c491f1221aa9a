"""What Google, its sign-in or the way there may answer, as this app's few errors."""

import json
from collections.abc import Iterator
from contextlib import contextmanager

import urllib3
from google.auth import exceptions as auth

from socle.backups.exceptions import (
    BackupError,
    ObjectExists,
    ObjectMissing,
    ObjectRetained,
    StoreRefused,
    StoreUnavailable,
)

AUTHENTICATE = "./google_storage.sh -a KEYFILE"
# A policy of the bucket, or a hold on the object: both are there to protect it.
RETAINED = {"retentionPolicyNotMet", "objectUnderActiveHold"}
_PASSING = {408, 429, 500, 502, 503, 504}


@contextmanager
def translated(url: str) -> Iterator[None]:
    """Raises BackupErrors where no answer came, or where nobody could be signed in."""
    try:
        yield
    except (auth.TransportError, urllib3.exceptions.HTTPError, OSError) as error:
        raise unavailable(url, _words(error)) from error
    except auth.GoogleAuthError as error:
        raise StoreRefused(
            f"{url} cannot be signed in to: {error} A wrong clock on this machine does "
            f"this too. Run: {AUTHENTICATE}"
        ) from error


def refusal(
    url: str, *, status: int, body: bytes, bucket: str, name: str
) -> BackupError:
    """
    The error that an answer means.

    name: of the object that was asked for; empty where it was the bucket.
    """
    said, reason = _said(body), _reason(body)
    if status == 404 and name and "bucket does not exist" not in said:
        return ObjectMissing(f"{url}/{name} is not there.")
    if status == 404:
        return StoreRefused(
            f"There is no bucket {bucket!r}. Make it, or correct BACKUP_STORAGE_URL in "
            ".env (the emulator's bucket is made by: ./google_storage.sh -a)."
        )
    if status == 412:
        return ObjectExists(f"{url}/{name} exists already.")
    if reason in RETAINED:
        return ObjectRetained(f"{url} keeps what it has for now: {said}")
    if reason == "userProjectMissing":
        return StoreRefused(
            f"{url} is paid by who asks (requester pays), which backups do not do. "
            f"Switch it off: gcloud storage buckets update gs://{bucket} "
            f"--no-requester-pays, then run: {AUTHENTICATE}"
        )
    if status in {401, 403}:
        return StoreRefused(
            f"{url} refuses this account: {said} It needs the role Storage Object "
            f"Admin on the bucket. Grant it, then run: {AUTHENTICATE}"
        )
    if status in _PASSING:
        return unavailable(url, f"{status}: {said}")
    if status == 507:
        return StoreRefused(
            f"{url} has no room left: {said} Make room, then run: "
            "./google_storage.sh -a"
        )
    return StoreRefused(f"{url} answered {status}: {said}")


def unavailable(url: str, words: str) -> StoreUnavailable:
    return StoreUnavailable(
        f"{url} cannot be reached: {words} When it answers again, run: "
        "./google_storage.sh -a"
    )


def _said(body: bytes) -> str:
    """The message of a JSON answer, or the beginning of any other."""
    text = body[:500].decode(errors="replace")
    try:
        error = json.loads(body)["error"]
        text = error if isinstance(error, str) else str(error["message"])
    except (ValueError, KeyError, TypeError):
        pass
    return _sentence(text or "no reason")


def _reason(body: bytes) -> str:
    """Google's own short name of the error; "" where it gives none."""
    try:
        return str(json.loads(body)["error"]["errors"][0]["reason"])
    except (ValueError, LookupError, TypeError):
        return ""


def _words(error: Exception) -> str:
    """One line of the innermost error: what wraps it says the same at length."""
    inner: object = error
    while isinstance(inner, BaseException):
        error = inner  # type: ignore[assignment]
        wrapped = [getattr(inner, "cause", None), getattr(inner, "reason", None)]
        inner = next((one for one in [*wrapped, *inner.args] if one), None)
    return _sentence(str(error))


def _sentence(words: str) -> str:
    line = " ".join(words.split())
    return line if line.endswith(".") else f"{line}."
