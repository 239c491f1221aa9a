"""What goes on now, in three small queries: the page asks every few seconds."""

from dataclasses import dataclass

from django.db.models import Count, Max, Q

from socle.backups.models import Run
from socle.backups.runs.run_recorder import mark_killed
from socle.operations.backup_requests import Asked, asked


@dataclass(frozen=True)
class RunsState:
    running: list[Run]
    asked: Asked | None
    """A backup that waits for cron."""
    version: str
    """Another one after each run that has ended: the store is read anew then."""

    @property
    def is_busy(self) -> bool:
        return bool(self.running or self.asked)

    @property
    def key(self) -> str:
        """The same as long as nothing but the progress of a run has changed."""
        runs = "+".join(str(run.pk) for run in self.running)
        return f"{self.version} {runs or '-'} {'asked' if self.asked else '-'}"


def look() -> RunsState:
    """May raise ServerUnavailable."""
    mark_killed()
    ended = Run.objects.aggregate(
        last=Max("ended_at"), count=Count("pk", filter=~Q(outcome=Run.Outcome.RUNNING))
    )
    waiting = asked()  # first: a run is written down before its wish is taken away
    last = ended["last"].timestamp() if ended["last"] else 0
    return RunsState(
        running=list(Run.objects.running()),
        asked=waiting,
        version=f"{last:.3f}-{ended['count']}",
    )
