"""How old the newest backup is, as this site remembers it: the store is not asked."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db.migrations.recorder import MigrationRecorder
from django.db.models import Max, Min
from django.utils.translation import gettext as _

from socle.backups.models import Run


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
            what = _("The newest backup is of %(moment)s.") % {
                "moment": _utc(self.newest)
            }
        else:
            what = _("There is no backup yet.")
        if self.overdue_at is None:
            return what
        if not self.is_overdue(now):
            due = _("The next one is due before %(moment)s.") % {
                "moment": _utc(self.overdue_at)
            }
            return f"{what} {due}"
        due = _("The next one was due at %(moment)s. Run: %(command)s") % {
            "moment": _utc(self.overdue_at),
            "command": "./google_storage.sh -b",
        }
        return f"{what} {due}"


def _utc(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"


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
