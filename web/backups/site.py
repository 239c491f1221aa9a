"""What is backed up: this site's database and uploaded files."""

from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from backups.addresses import Shelf
from backups.postgres import Database


@dataclass(frozen=True)
class Site:
    project: str
    environment: str
    database: Database
    media_root: Path
    store_url: str

    @classmethod
    def from_settings(cls) -> "Site":
        return cls(
            project=settings.PROJECT_NAME,
            environment=settings.ENVIRONMENT,
            database=Database.from_settings(),
            media_root=Path(settings.MEDIA_ROOT),
            store_url=settings.BACKUP_STORAGE_URL,
        )

    @property
    def shelf(self) -> Shelf:
        return Shelf(self.project, self.environment)
