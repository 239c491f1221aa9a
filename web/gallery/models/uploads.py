import uuid

from django.conf import settings
from django.db import models
from django.utils import timezone

from gallery.models.galleries import Gallery
from socle.core.text_fields import NameField


class UploadQuerySet(models.QuerySet):
    def running(self):
        """Those that have neither ended nor failed."""
        State = Upload.State
        return self.filter(state__in=[State.RECEIVING, State.WAITING, State.WORKING])


class Upload(models.Model):
    """
    A file on its way in, chunk by chunk: a photo, or a zip of photos.

    Its bytes lie in the folder of incoming files until they are taken in; the row says
    how many have come, so that the sender can go on after a break.
    """

    class State(models.TextChoices):
        RECEIVING = "receiving"
        WAITING = "waiting"  # all bytes are there; a worker will unpack it
        WORKING = "working"
        DONE = "done"
        FAILED = "failed"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    gallery = models.ForeignKey(
        Gallery, on_delete=models.CASCADE, related_name="uploads"
    )
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)
    name = NameField(max_length=1000, help_text="As the sender named it.")
    size_bytes = models.PositiveBigIntegerField()
    received_bytes = models.PositiveBigIntegerField(default=0)
    state = models.CharField(
        max_length=10, choices=State.choices, default=State.RECEIVING, db_index=True
    )
    # One entry a file: name, status, code, message, photo (its id or null).
    results = models.JSONField(default=list)
    error = models.CharField(max_length=300, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    run = models.UUIDField(null=True, editable=False, help_text="Who works on it.")
    worker = models.CharField(max_length=200, blank=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    # Of the last chunk, the last sending to the broker, the last sign of life.
    touched_at = models.DateTimeField(default=timezone.now, db_index=True)
    finished_at = models.DateTimeField(null=True, editable=False)

    objects = UploadQuerySet.as_manager()

    class Meta:
        ordering = ["created_at"]

    def __str__(self):
        return self.name
