"""What Google's answers say about an object."""

import json
from datetime import datetime
from typing import Any

import urllib3

from socle.backups.exceptions import StoreRefused
from socle.backups.stores.interface import StoredObject
from socle.backups.stores.stored_checksums import ChecksumComparison

FIELDS = "name,size,crc32c,generation,timeCreated"


def facts_in(answer: urllib3.BaseHTTPResponse, *, url: str) -> dict[str, Any]:
    """Raises StoreRefused where something else than Google answered."""
    try:
        facts = json.loads(answer.data)
        if isinstance(facts, dict):
            return facts
    except ValueError:
        pass
    raise StoreRefused(
        f"{url} was asked, and something else than Google Cloud Storage answered: "
        f"{answer.data[:100]!r} Look for a proxy on the way, then run: "
        "./google_storage.sh -a"
    )


def described(item: dict[str, Any], *, prefix: str) -> StoredObject:
    stored_at = item.get("timeCreated")
    return StoredObject(
        item["name"].removeprefix(prefix),
        int(item["size"]),
        item.get("crc32c", ""),
        stored_at=datetime.fromisoformat(stored_at) if stored_at else None,
        generation=item.get("generation", ""),
    )


def proof_in(answer: urllib3.BaseHTTPResponse) -> ChecksumComparison:
    """Of the whole object, also in the answer to a request for its end."""
    said = answer.headers.get("X-Goog-Hash", "")
    sums = dict(part.strip().split("=", 1) for part in said.split(",") if "=" in part)
    return ChecksumComparison(crc32c=sums.get("crc32c", ""))


def whole_size(answer: urllib3.BaseHTTPResponse) -> int:
    """Likewise of the whole."""
    _, slash, total = answer.headers.get("Content-Range", "").rpartition("/")
    return int(total) if slash else int(answer.headers["Content-Length"])
