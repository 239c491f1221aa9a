"""The exceptions of boto3, as this app's few."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import urllib3
from botocore import exceptions as boto

from socle.backups.exceptions import (
    BackupError,
    ObjectExists,
    ObjectMissing,
    ObjectRetained,
    StoreRefused,
    StoreUnavailable,
)

CHECK = "./google_storage.sh -a"
_PASSING = {408, 409, 429, 500, 502, 503, 504}
_PASSING_CODES = {"SlowDown", "RequestTimeout", "BadDigest", "InternalError"}
_KEYS = {
    "ExpiredToken",
    "InvalidAccessKeyId",
    "InvalidToken",
    "SignatureDoesNotMatch",
    "TokenRefreshRequired",
}
_REGION = {"AuthorizationHeaderMalformed", "IllegalLocationConstraintException"}
_CLOCK = {"RequestTimeTooSkewed", "RequestExpired"}
_NO_KEYS = (
    boto.NoCredentialsError,
    boto.PartialCredentialsError,
    boto.CredentialRetrievalError,
    boto.ProfileNotFound,
)
_CUT = (
    boto.ConnectionError,
    boto.HTTPClientError,
    boto.IncompleteReadError,
    boto.ResponseStreamingError,
    urllib3.exceptions.HTTPError,
    ConnectionError,
    TimeoutError,
)
_SKEW_SECONDS = 300
# S3 and its like have no code for it: "Access Denied because object protected by object
# lock.", "Object is WORM protected and cannot be overwritten".
_RETAINED = ("object lock", "worm protected", "retention")


@contextmanager
def translated(url: str, *, bucket: str, name: str = "") -> Iterator[None]:
    """
    Raises BackupErrors in place of boto3's.

    name: of the object that the block asks for; empty where it asks for the bucket.
    """
    try:
        yield
    except boto.ClientError as error:
        raise _answered(url, error, bucket=bucket, name=name) from error
    except _NO_KEYS as error:
        raise _bad_keys(url, str(error)) from error
    except _CUT as error:
        raise _cut(url, error) from error
    except (boto.BotoCoreError, ValueError) as error:
        raise StoreRefused(
            f"{url} cannot be asked: {_line(error)} Correct the AWS_ values in .env, "
            f"then run: {CHECK}"
        ) from error


def _cut(url: str, error: Exception) -> BackupError:
    if isinstance(error, boto.SSLError) and "CERTIFICATE" in str(error):
        return StoreRefused(
            f"{url} does not prove who it is: {_line(error)} Correct "
            f"AWS_ENDPOINT_URL_S3 or AWS_CA_BUNDLE in .env, then run: {CHECK}"
        )
    return _unavailable(url, error)


def status_of(error: boto.ClientError) -> int:
    return int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))


def code_of(error: boto.ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", ""))


def _answered(
    url: str, error: boto.ClientError, *, bucket: str, name: str
) -> BackupError:
    status, code = status_of(error), code_of(error)
    if code == "NoSuchBucket" or (status == 404 and not name):
        return StoreRefused(
            f"There is no bucket {bucket!r}. Make it, or correct BACKUP_STORAGE_URL "
            f"in .env, then run: {CHECK}"
        )
    if status == 404:
        return ObjectMissing(f"{url}/{name} is not there.")
    if status == 412:
        return ObjectExists(f"{url}/{name} exists already.")
    if code in _REGION or status == 301:
        return StoreRefused(
            f"{url} is in another region: {_said(error)} Set AWS_DEFAULT_REGION in "
            f".env, then run: {CHECK}"
        )
    if status in {401, 403} or code in _KEYS:
        if any(words in _said(error).lower() for words in _RETAINED):
            return ObjectRetained(f"{url} keeps what it has for now: {_said(error)}")
        return _forbidden(url, error)
    if status == 507 or "StorageFull" in code:
        return StoreRefused(
            f"{url} has no room left: {_said(error)} Make room, then run: {CHECK}"
        )
    if status in _PASSING or code in _PASSING_CODES:
        return _unavailable(url, error)
    return StoreRefused(f"{url} answered {status}: {_said(error)}")


def _forbidden(url: str, error: boto.ClientError) -> StoreRefused:
    skew = _skew_seconds(error)
    if code_of(error) in _CLOCK or skew > _SKEW_SECONDS:
        return StoreRefused(
            f"{url} refuses the time of this machine, which differs from its own by "
            f"{skew:,.0f} s. Set the clock (timedatectl set-ntp true), then run: "
            f"{CHECK}"
        )
    if code_of(error) in _KEYS:
        return _bad_keys(url, _said(error))
    return StoreRefused(
        f"{url} refuses this account: {_said(error)} It needs s3:ListBucket on the "
        "bucket, and s3:GetObject, s3:PutObject, s3:DeleteObject and "
        f"s3:AbortMultipartUpload on what is in it. Grant them, then run: {CHECK}"
    )


def _skew_seconds(error: boto.ClientError) -> float:
    """An answer to HEAD has no words; its date still tells of a wrong clock."""
    headers = error.response.get("ResponseMetadata", {}).get("HTTPHeaders", {})
    try:
        theirs = parsedate_to_datetime(headers.get("date", ""))
        return abs((datetime.now(UTC) - theirs).total_seconds())
    except (TypeError, ValueError):
        return 0


def _bad_keys(url: str, words: str) -> StoreRefused:
    return StoreRefused(
        f"{url} cannot be signed in to: {words} Correct AWS_ACCESS_KEY_ID in .env and "
        "AWS_SECRET_ACCESS_KEY there (LOCAL) or in "
        f"secrets/values/aws_secret_access_key (DEV, PROD), then run: {CHECK}"
    )


def _unavailable(url: str, error: Exception) -> StoreUnavailable:
    words = _said(error) if isinstance(error, boto.ClientError) else _line(error)
    return StoreUnavailable(
        f"{url} cannot be reached: {words} When it answers again, run: {CHECK}"
    )


def _said(error: boto.ClientError) -> str:
    said = error.response.get("Error", {})
    return _line(f"{said.get('Message') or 'no reason'} ({code_of(error)})")


def _line(words: object) -> str:
    line = " ".join(str(words).split())
    return line if line.endswith(".") else f"{line}."
