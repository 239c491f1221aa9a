"""Names of backups: where each part of one is kept, and back from a URL."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime

from socle.backups.exceptions import NotABackup

DUMP = "database.dump.zst"
MEDIA = "media.jsonl.zst"
RECORD = "backup.json"
PROOF = "proof.json"
_ID_FORM = "%Y-%m-%dT%H-%M-%SZ"
_URL = re.compile(
    r"(?P<store>(?:gs|s3|file):.+)/(?P<project>[^/]+)/(?P<environment>[^/]+)"
    r"/backups/(?P<id>\d{4}-\d\d-\d\dT\d\d-\d\d-\d\dZ)/?"
)


def backup_id(moment: datetime) -> str:
    """2026-11-21T03-00-00Z. `moment` is timezone-aware."""
    return moment.astimezone(UTC).strftime(_ID_FORM)


def moment_of(backup_id: str) -> datetime:
    return datetime.strptime(backup_id, _ID_FORM).replace(tzinfo=UTC)


@dataclass(frozen=True)
class BackupNamespace:
    """The part of a store that belongs to one project in one environment."""

    project: str
    environment: str

    @property
    def backups(self) -> str:
        return f"{self.project}/{self.environment}/backups/"

    @property
    def blobs(self) -> str:
        return f"{self.project}/{self.environment}/media/"

    def folder(self, backup_id: str) -> str:
        return f"{self.backups}{backup_id}/"

    def blob(self, sha256: str) -> str:
        return f"{self.blobs}{sha256[:2]}/{sha256}"


@dataclass(frozen=True)
class Address:
    """A backup's URL, taken apart."""

    store_url: str
    shelf: BackupNamespace
    id: str

    @property
    def folder(self) -> str:
        return self.shelf.folder(self.id)

    @property
    def url(self) -> str:
        return f"{self.store_url}/{self.folder}".rstrip("/")


def parse_url(url: str) -> Address:
    """
    gs://BUCKET[/PREFIX]/PROJECT/ENVIRONMENT/backups/ID, with or without a slash at
    its end. `gs:BUCKET/…`, an old habit, means gs://BUCKET/….

    Raises NotABackup for any other form.
    """
    match = _URL.fullmatch(re.sub(r"^gs:/*", "gs://", url.strip()))
    if match is None:
        raise NotABackup(
            f"{url!r} is not a backup's address; it looks like gs://BUCKET/PROJECT/"
            "ENVIRONMENT/backups/2026-11-21T03-00-00Z. The addresses of all: "
            "./google_storage.sh -l"
        )
    shelf = BackupNamespace(match["project"], match["environment"])
    return Address(match["store"], shelf, match["id"])
