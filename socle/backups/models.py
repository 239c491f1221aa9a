import uuid

from django.db import models
from django.utils.translation import gettext_lazy as _


class RunQuerySet(models.QuerySet):
    def running(self):
        return self.filter(outcome=Run.Outcome.RUNNING)

    def failed(self):
        return self.filter(outcome=Run.Outcome.FAILED)

    def of_kind(self, *kinds):
        return self.filter(kind__in=kinds)

    def complete_backups(self):
        """Also those that failed in the end, because a file is not in them."""
        return self.of_kind(Run.Kind.BACKUP).filter(numbers__has_key="new_bytes")


class Run(models.Model):
    """One backup, restore, … from its beginning: `telling.told` writes it."""

    class Kind(models.TextChoices):
        BACKUP = "backup", _("Backup")
        RESTORE = "restore", _("Restore")
        UNDO = "undo", _("Undo")
        VERIFY = "verify", _("Verify")
        DRILL = "drill", _("Drill")
        PRUNE = "prune", _("Prune")

    class Outcome(models.TextChoices):
        RUNNING = "running", "Running"
        DONE = "done", "Done"
        FAILED = "failed", "Failed"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(max_length=10, choices=Kind.choices)
    started_at = models.DateTimeField(db_index=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    outcome = models.CharField(
        max_length=10, choices=Outcome.choices, default=Outcome.RUNNING
    )
    reason = models.TextField(blank=True)
    backup_url = models.TextField(blank=True)
    numbers = models.JSONField(default=dict, blank=True)
    progress = models.TextField(blank=True)

    objects = RunQuerySet.as_manager()

    class Meta:
        ordering = ["-started_at"]

    def __str__(self):
        return f"{self.get_kind_display()} of {self.started_at:%Y-%m-%d %H:%M}"

    @property
    def seconds(self):
        """None while it runs, and for one that was killed: nobody saw when."""
        if self.ended_at is None:
            return None
        return (self.ended_at - self.started_at).total_seconds()
