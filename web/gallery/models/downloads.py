import uuid

from django.db import models
from django.utils import timezone

from gallery.models.galleries import Gallery


class Download(models.Model):
    """A gallery's originals in one zip that a worker writes; kept for some days."""

    class State(models.TextChoices):
        WAITING = "waiting"
        WORKING = "working"
        READY = "ready"
        FAILED = "failed"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    gallery = models.ForeignKey(
        Gallery, on_delete=models.CASCADE, related_name="downloads"
    )
    # What was in it: the same content is not packed twice.
    fingerprint = models.CharField(max_length=64)
    # Whether a photo in it says where it was taken: not for everybody then. Of those
    # that were packed before anybody asked, nobody knows.
    has_locations = models.BooleanField(default=False, db_default=True)
    state = models.CharField(
        max_length=10, choices=State.choices, default=State.WAITING, db_index=True
    )
    # Its name in the storage "downloads"; empty for a small one, which is never stored.
    file = models.CharField(max_length=160, blank=True)
    size_bytes = models.PositiveBigIntegerField(default=0)
    photo_count = models.PositiveIntegerField(default=0)
    packed_count = models.PositiveIntegerField(default=0)
    error = models.CharField(max_length=300, blank=True)
    # Of whoever asked for it: the language of `error`, and of a note in the zip.
    language = models.CharField(
        max_length=10, blank=True, editable=False, default="", db_default=""
    )
    attempts = models.PositiveSmallIntegerField(default=0)
    run = models.UUIDField(null=True, editable=False, help_text="Who works on it.")
    worker = models.CharField(max_length=200, blank=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    touched_at = models.DateTimeField(default=timezone.now, db_index=True)
    finished_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        ordering = ["created_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["gallery", "fingerprint"], name="download_once_a_content"
            )
        ]

    def __str__(self):
        return f"{self.gallery} ({self.photo_count})"
