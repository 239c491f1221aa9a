"""What is backed up: this site's database and uploaded files."""

from dataclasses import dataclass, field
from pathlib import Path

from django.conf import settings

from socle.backups.format.encryption import Keys
from socle.backups.format.namespace import BackupNamespace
from socle.backups.postgres.connection import Database


@dataclass(frozen=True)
class BackupSource:
    project: str
    environment: str
    database: Database
    media_root: Path
    store_url: str
    keys: Keys = field(default_factory=Keys, repr=False)
    media_store_url: str = ""
    """Of the bucket that the uploaded files live in; empty for `media_root`."""

    @classmethod
    def from_settings(cls) -> "BackupSource":
        """Raises KeyMissing for an encryption key that cannot be read."""
        return cls(
            project=settings.PROJECT_NAME,
            environment=settings.ENVIRONMENT,
            database=Database.from_settings(),
            media_root=Path(settings.MEDIA_ROOT),
            store_url=settings.BACKUP_STORAGE_URL,
            keys=Keys.parse(settings.BACKUP_ENCRYPTION_KEY),
            media_store_url=settings.MEDIA_STORAGE_URL,
        )

    @property
    def media_place(self) -> str:
        """For people."""
        return self.media_store_url or str(self.media_root)

    @property
    def shelf(self) -> BackupNamespace:
        return BackupNamespace(self.project, self.environment)

    def shelf_of(self, environment: str) -> BackupNamespace:
        """Of this project in another environment, in the same store; "" is this one."""
        return BackupNamespace(self.project, environment or self.environment)
