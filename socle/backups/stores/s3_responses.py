"""What the answers of S3 say about an object."""

import re
from datetime import UTC, datetime
from typing import Any


def crc32c_in(answer: dict[str, Any]) -> str:
    """Of the whole object; empty where the store knows only its parts', or none."""
    if answer.get("ChecksumType") == "COMPOSITE":
        return ""
    return str(answer.get("ChecksumCRC32C", ""))


def etag_of(answer: dict[str, Any]) -> str:
    """Made of md5; empty where encryption makes it something else."""
    by_key = "kms" in answer.get("ServerSideEncryption", "")
    if by_key or "SSECustomerAlgorithm" in answer:
        return ""
    etag = answer.get("ETag", "").strip('"')
    return etag if re.fullmatch(r"[0-9a-f]{32}(-\d+)?", etag) else ""


def md5_in(answer: dict[str, Any]) -> str:
    """Of the whole object, which the ETag of one that came in parts is not."""
    etag = etag_of(answer)
    return "" if "-" in etag else etag


def moment_of(answer: dict[str, Any]) -> datetime:
    """Whole seconds: a listing may know more of them than the object's own answer."""
    moment: datetime = answer["LastModified"]
    return moment.astimezone(UTC).replace(microsecond=0)


def generation_of(answer: dict[str, Any]) -> str:
    """The ETag alone would be the same for the same bytes, stored anew."""
    etag = answer["ETag"].strip('"')
    return f"{etag}-{moment_of(answer):%Y%m%dT%H%M%SZ}"


def whole_size(answer: dict[str, Any]) -> int:
    """Of the object, also in the answer to a request for its end."""
    _, slash, total = answer.get("ContentRange", "").rpartition("/")
    return int(total) if slash else int(answer["ContentLength"])
