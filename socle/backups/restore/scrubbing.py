"""Takes personal data out of a restored database that came from another environment."""

from collections.abc import Callable

from django.conf import settings
from django.utils.module_loading import import_string

from socle.backups.format.backup_metadata import BackupMetadata
from socle.backups.runs.backup_source import BackupSource

Scrubber = Callable[..., dict[str, int]]
WITH_PEOPLE = {"prod", "dev"}


def needs_scrubbing(record: BackupMetadata, *, site: BackupSource) -> bool:
    """People gave their data to one environment, not to every machine of the team."""
    return record.environment in WITH_PEOPLE and record.environment != site.environment


def run_scrubbers(*, using: str, keep: list[str]) -> dict[str, int]:
    """
    Each of BACKUP_SCRUBBERS in turn, in the database of that alias. Returns their
    counts, by what was scrubbed.

    keep: e-mail addresses of staff whose accounts stay as they are.
    """
    counts: dict[str, int] = {}
    for name in settings.BACKUP_SCRUBBERS:
        scrubber: Scrubber = import_string(name)
        for what, number in scrubber(using=using, keep=keep).items():
            counts[what] = counts.get(what, 0) + number
    return counts
