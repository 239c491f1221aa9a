"""backup.json: what a backup is, and what it must be when it comes back."""

import json
from dataclasses import asdict, dataclass, field, fields
from datetime import datetime
from typing import Any

from socle.backups.exceptions import NotABackup, ObjectMissing
from socle.backups.format.encryption import Keys
from socle.backups.format.namespace import PROOF, RECORD, Address
from socle.backups.stores import Store

FORMAT = 1


@dataclass(frozen=True)
class StoredPart:
    """One object of the backup's folder: its size and checksums as stored."""

    name: str
    size_bytes: int
    sha256: str
    crc32c: str


@dataclass(frozen=True)
class DatabasePart:
    name: str
    server_version: str
    pg_dump_version: str
    dump: StoredPart
    uncompressed_bytes: int
    rows: dict[str, int]
    """By "schema.table", counted in the dump's own snapshot."""
    migration_heads: dict[str, str]
    extensions: dict[str, str] = field(default_factory=dict)
    """Those that a restore must find on its server, with their versions."""
    roles: list[str] = field(default_factory=list)
    """Those that privileges and policies name; a restore makes the missing ones."""
    search_path: str = '"$user", public'
    """Where its functions look for names that they do not qualify."""
    warnings: list[str] = field(default_factory=list)
    """What its catalogue told, in whole sentences."""


@dataclass(frozen=True)
class Skipped:
    path: str
    reason: str
    needs_a_person: bool


@dataclass(frozen=True)
class MediaPart:
    manifest: StoredPart
    files: int
    size_bytes: int
    new_files: int
    new_bytes: int
    skipped: list[Skipped] = field(default_factory=list)


@dataclass(frozen=True)
class BackupMetadata:
    format: int
    project: str
    environment: str
    created_at: datetime
    duration_seconds: float
    django_version: str
    database: DatabasePart
    media: MediaPart
    recipient: str = ""
    """The public key that all but this record is encrypted for; empty for none."""

    @property
    def new_bytes(self) -> int:
        """What this night added to the store, apart from the record itself."""
        parts = self.database.dump.size_bytes + self.media.manifest.size_bytes
        return parts + self.media.new_bytes

    def to_json(self) -> bytes:
        values = asdict(self) | {"created_at": self.created_at.isoformat()}
        return json.dumps(values, indent=2, sort_keys=False).encode() + b"\n"

    @classmethod
    def from_json(cls, data: bytes) -> "BackupMetadata":
        """Raises ValueError (or its kin KeyError, TypeError) for anything else."""
        values = json.loads(data)
        if values["format"] != FORMAT:
            raise ValueError(f"its format is {values['format']!r}, not {FORMAT}")
        values["created_at"] = datetime.fromisoformat(values["created_at"])
        values["database"] = _database(values["database"])
        values["media"] = _media(values["media"])
        return _made(cls, values)


@dataclass(frozen=True)
class DrillProof:
    """proof.json: this backup was restored beside the live site and was right."""

    proven_at: datetime
    duration_seconds: float
    tables: int
    rows: int
    files: int
    size_bytes: int
    """Of all restored files."""

    def to_json(self) -> bytes:
        values = asdict(self) | {"proven_at": self.proven_at.isoformat()}
        return json.dumps(values, indent=2).encode() + b"\n"

    @classmethod
    def from_json(cls, data: bytes) -> "DrillProof":
        """Raises ValueError (or its kin KeyError, TypeError) for anything else."""
        values = json.loads(data)
        values["proven_at"] = datetime.fromisoformat(values["proven_at"])
        return _made(cls, values)


@dataclass(frozen=True)
class Backup:
    """A complete backup: where it is and what its record says."""

    address: Address
    record: BackupMetadata
    proof: DrillProof | None = None
    """Of the last drill that restored it; None while there was none."""
    keys: Keys = field(default_factory=Keys, repr=False)

    @property
    def opening_keys(self) -> Keys:
        """What its parts and contents are read with. Raises KeyMissing."""
        return self.keys.for_recipient(self.record.recipient, what=self.url)

    @property
    def url(self) -> str:
        return self.address.url


def read_backup(store: Store, address: Address, *, keys: Keys | None = None) -> Backup:
    """
    keys: those at hand; whether one fits shows when a part is opened.

    Raises NotABackup when the folder has no record, or one of another form.
    """
    try:
        data = store.read(address.folder + RECORD)
    except ObjectMissing as error:
        any(store.list(address.folder))  # a missing bucket says so itself
        raise NotABackup(
            f"{address.url} holds no complete backup: it has no {RECORD}. Complete "
            "ones: ./google_storage.sh -l"
        ) from error
    try:
        record = BackupMetadata.from_json(data)
    except (ValueError, KeyError, TypeError) as error:
        raise NotABackup(
            f"{address.url}/{RECORD} cannot be read: {error}. A newer version of this "
            "project may have written it. Others: ./google_storage.sh -l"
        ) from error
    return Backup(address, record, _read_proof(store, address), keys or Keys())


def _read_proof(store: Store, address: Address) -> DrillProof | None:
    try:
        return DrillProof.from_json(store.read(address.folder + PROOF))
    except (ObjectMissing, ValueError, KeyError, TypeError):
        return None


def _database(values: dict[str, Any]) -> DatabasePart:
    dump = _made(StoredPart, values["dump"])
    return _made(DatabasePart, values | {"dump": dump})


def _media(values: dict[str, Any]) -> MediaPart:
    manifest = _made(StoredPart, values["manifest"])
    skipped = [_made(Skipped, one) for one in values["skipped"]]
    return _made(MediaPart, values | {"manifest": manifest, "skipped": skipped})


def _made(kind: Any, values: dict[str, Any]) -> Any:
    """Names that this version does not know are left out: a later one may add some."""
    known = {one.name for one in fields(kind)}
    return kind(**{name: value for name, value in values.items() if name in known})
