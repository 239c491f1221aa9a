"""How old the newest backup is, as this site remembers it: the store is not asked."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db.migrations.recorder import MigrationRecorder
from django.db.models import Max, Min

from backups.models import Run


@dataclass(frozen=True)
class Age:
    newest: datetime | None
    """When the newest complete backup began."""
    counted_from: datetime
    """What a day without a backup is counted from, also before the first one."""
    overdue_at: datetime | None
    """None where no age is too old."""

    def is_overdue(self, now: datetime) -> bool:
        return self.overdue_at is not None and now >= self.overdue_at

    def sentence(self, now: datetime) -> str:
        if self.newest:
            what = f"The newest backup is of {self.newest:%Y-%m-%d %H:%M} UTC."
        else:
            what = "There is no backup yet."
        if self.overdue_at is None:
            return what
        at = f"{self.overdue_at:%Y-%m-%d %H:%M} UTC"
        if not self.is_overdue(now):
            return f"{what} The next one is due before {at}."
        return f"{what} The next one was due at {at}. Run: ./google_storage.sh -b"


def age_of_newest_backup() -> Age:
    """
    A new installation has its first night before it; what a restore brought is in a
    backup already.
    """
    newest = Run.objects.complete_backups().aggregate(at=Max("started_at"))["at"]
    restored = Run.objects.of_kind(Run.Kind.RESTORE).filter(outcome=Run.Outcome.DONE)
    born = MigrationRecorder.Migration.objects.aggregate(at=Min("applied"))["at"]
    moments = [newest, restored.aggregate(at=Max("ended_at"))["at"], born]
    counted_from = max(moment for moment in moments if moment)
    hours = settings.BACKUP_MAX_AGE_HOURS
    overdue_at = counted_from + timedelta(hours=hours) if hours else None
    return Age(newest, counted_from, overdue_at)
