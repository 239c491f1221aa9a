"""Which backups stay: one a day, a week and a month, and those that nothing removes."""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from django.conf import settings

from socle.backups.exceptions import PruneRefused

NEWEST = "newest"
NEWEST_PROVEN = "newest proven"
LATER = "dated later than now"


@dataclass(frozen=True)
class Policy:
    """
    For how many days, weeks (ISO) and months (UTC) the last backup of each is kept.
    Those without a backup do not count: a job that failed for a month removes nothing.

    Raises PruneRefused when it would keep nothing.
    """

    daily: int
    weekly: int
    monthly: int

    def __post_init__(self) -> None:
        if min(self.daily, self.weekly, self.monthly) < 0 or self.most == 0:
            raise PruneRefused(
                f"BACKUP_KEEP_DAILY={self.daily}, BACKUP_KEEP_WEEKLY={self.weekly}, "
                f"BACKUP_KEEP_MONTHLY={self.monthly} would keep nothing, so nothing "
                "was removed. Correct them in .env."
            )

    @classmethod
    def from_settings(cls) -> "Policy":
        return cls(
            daily=settings.BACKUP_KEEP_DAILY,
            weekly=settings.BACKUP_KEEP_WEEKLY,
            monthly=settings.BACKUP_KEEP_MONTHLY,
        )

    @property
    def most(self) -> int:
        """How many backups it keeps at most, beside those that nothing removes."""
        return self.daily + self.weekly + self.monthly


def kept(
    moments: Iterable[datetime],
    *,
    policy: Policy,
    now: datetime,
    proven: Collection[datetime] = (),
    protected: Mapping[datetime, str] | None = None,
) -> dict[datetime, list[str]]:
    """
    The moments of the backups that stay, newest first, each with its reasons:
    "newest", "daily", "weekly 2026-W47", "monthly 2026-11", … All others may go.

    moments:    of complete backups, from their ids; timezone-aware.
    now:        a backup of a later moment (a clock was wrong) stays and counts for
                nothing: it must not push the others out.
    proven:     those that a drill restored; the newest of them stays.
    protected:  those that must stay for another reason, which is the value.
    """
    ordered = sorted(set(moments), reverse=True)
    past = [moment for moment in ordered if moment <= now]
    reasons: dict[datetime, list[str]] = {moment: [] for moment in ordered}
    for moment in ordered:
        if moment > now:
            reasons[moment].append(LATER)
    for moment in past[:1]:
        reasons[moment].append(NEWEST)
    for moment in [moment for moment in past if moment in proven][:1]:
        reasons[moment].append(NEWEST_PROVEN)
    for limit, period in (
        (policy.daily, _day),
        (policy.weekly, _week),
        (policy.monthly, _month),
    ):
        for name, moment in _last_of_each(past, period=period, limit=limit).items():
            reasons[moment].append(name)
    for moment, reason in (protected or {}).items():
        if moment in reasons:
            reasons[moment].append(reason)
    return {moment: words for moment, words in reasons.items() if words}


def _last_of_each(
    newest_first: list[datetime], *, period: Callable[[datetime], str], limit: int
) -> dict[str, datetime]:
    """The newest moment of each of the last `limit` periods that have any."""
    found: dict[str, datetime] = {}
    for moment in newest_first:
        if len(found) == limit:
            break
        found.setdefault(period(moment.astimezone(UTC)), moment)
    return found


def _day(moment: datetime) -> str:
    return f"daily {moment:%Y-%m-%d}"


def _week(moment: datetime) -> str:
    year, week, _ = moment.isocalendar()
    return f"weekly {year}-W{week:02}"


def _month(moment: datetime) -> str:
    return f"monthly {moment:%Y-%m}"
