"""Whether a worker carries tasks out: socle.core.canary notes when one last did."""

from django.core.cache import cache
from django.utils import timezone
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from socle.core.health import commands
from socle.core.health.results import CheckState, Fact, check

CANARY_KEY = "health:canary"
BUSY_KEY = "health:worker-busy"
# Two canaries may be missed: the worker waits for tasks that take their time.
LATE_SECONDS = 180


@check(remedy=lambda: commands.logs("worker"))
def worker() -> Fact:
    sung_at = cache.get(CANARY_KEY)
    busy = cache.get(BUSY_KEY)
    if sung_at is None and not busy:
        says = _("No worker has carried out a task for a long time, or ever.")
        return Fact("worker", CheckState.FAIL, says, commands.restart("worker"))
    seconds = round((timezone.now() - sung_at).total_seconds()) if sung_at else None
    if seconds is not None and seconds < LATE_SECONDS:
        says = format_lazy(
            _("A worker carried out its canary task {seconds} s ago."),
            seconds=max(0, seconds),
        )
        return Fact("worker", CheckState.OK, says)
    if busy:
        says = _("All processes of the worker are at work on long tasks; others wait.")
        return Fact("worker", CheckState.WARN, says, commands.logs("worker"))
    says = format_lazy(
        _("No worker has carried out a task for {minutes} min."),
        minutes=(seconds or 0) // 60,
    )
    return Fact("worker", CheckState.FAIL, says, commands.restart("worker"))
