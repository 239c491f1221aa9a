"""What the site's health says of backups: the newest, the last run, its proof."""

from datetime import datetime

from django.utils import timezone
from django.utils.functional import Promise, lazy
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from socle.backups.models import Run
from socle.backups.progress import readable_age
from socle.backups.runs.freshness import Age, age_of_newest_backup
from socle.core.health.results import CheckState, Fact, check

BACK_UP = "./google_storage.sh -b"
DRILL = "./google_storage.sh -d"
age_words = lazy(readable_age, str)  # in the language of whoever reads it


@check(remedy=lambda: BACK_UP)
def backup() -> Fact:
    """Of what this site remembers: the store is not asked."""
    now = timezone.now()
    age = age_of_newest_backup()
    last = _last(Run.Kind.BACKUP)
    drill = _last(Run.Kind.DRILL)
    says = format_lazy(
        "{newest} {drill}", newest=_newest(age, now), drill=_proof(drill, now)
    )
    if age.is_overdue(now):
        return Fact("backup", CheckState.FAIL, says, BACK_UP)
    if last and last.outcome == Run.Outcome.FAILED:
        says = format_lazy(
            _("{says} The last run failed: {reason}"), says=says, reason=last.reason
        )
        return Fact("backup", CheckState.WARN, says, BACK_UP)
    if drill and drill.outcome == Run.Outcome.FAILED:
        return Fact("backup", CheckState.WARN, says, DRILL)
    return Fact("backup", CheckState.OK, says)


def _last(kind: Run.Kind) -> Run | None:
    ended = Run.objects.of_kind(kind).exclude(outcome=Run.Outcome.RUNNING)
    return ended.first()


def _newest(age: Age, now: datetime) -> Promise:
    if age.newest is None:
        what = _("There is no backup yet.")
    else:
        what = format_lazy(
            _("The newest backup is {age} old."),
            age=age_words((now - age.newest).total_seconds()),
        )
    if not age.is_overdue(now):
        return what
    return format_lazy(
        _("{what} The next one was due at {moment} UTC."),
        what=what,
        moment=f"{age.overdue_at:%Y-%m-%d %H:%M}",
    )


def _proof(drill: Run | None, now: datetime) -> Promise:
    if drill is None:
        return _("No drill has restored one yet.")
    age = age_words((now - drill.started_at).total_seconds())
    if drill.outcome == Run.Outcome.FAILED:
        return format_lazy(
            _("The last drill failed {age} ago: {reason}"),
            age=age,
            reason=drill.reason,
        )
    return format_lazy(_("A drill restored one {age} ago."), age=age)
