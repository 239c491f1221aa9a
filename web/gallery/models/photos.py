import re
import uuid
from datetime import timedelta

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from gallery.models.galleries import Gallery, shown_to
from gallery.models.keyset import rows_after
from gallery.models.search import searchable
from socle.core.text_fields import NameField

# A run may last 60 s (tasks.py); whoever is silent for longer than this is gone.
RUN_IS_LOST_AFTER = timedelta(seconds=90)
MESSAGE_MAY_BE_LOST_AFTER = timedelta(seconds=60)
MOST_ATTEMPTS = 3
NAME_LENGTH = 200


class PhotoQuerySet(models.QuerySet):
    def visible_to(self, user):
        """Those of the galleries that this visitor may see."""
        return self.filter(shown_to(user, gallery="gallery__"))

    def editable_by(self, user):
        """Their own, those in a gallery of their own; all of them for a moderator."""
        if user.has_perm("gallery.change_photo"):
            return self.all()
        if user.has_perm("gallery.add_photo"):
            return self.filter(Q(owner=user) | Q(gallery__owner=user))
        return self.none()

    def for_show(self):
        """Without what nobody looks at; the words for searching are the largest."""
        return self.defer("search", "sha256", "run", "worker", "attempts")

    def behind(self, photo):
        """Those that come after `photo` in the order, in the order."""
        fields = [Photo._meta.get_field(name) for name in ("position", "id")]
        behind = rows_after(self, fields, [photo.position, photo.id])
        return behind.order_by("position", "id")

    def never_looked_at(self):
        """Of before photos were asked for the place where they were taken."""
        return self.filter(has_location=None)

    def not_ready(self):
        """As the index photo_not_ready has them."""
        State = Photo.State
        return self.filter(state__in=[State.WAITING, State.WORKING, State.FAILED])

    def unfinished(self):
        return self.filter(state__in=[Photo.State.WAITING, Photo.State.WORKING])

    def with_lost_message(self, *, now):
        """Waiting for so long that their message may have been forgotten."""
        return self.filter(
            state=Photo.State.WAITING, queued_at__lt=now - MESSAGE_MAY_BE_LOST_AFTER
        )

    def with_lost_run(self, *, now):
        """Said to be worked on, but the time for that has passed."""
        return self.filter(
            state=Photo.State.WORKING, started_at__lt=now - RUN_IS_LOST_AFTER
        )


def new_position(*, taken_at, uploaded_at, name=""):
    """
    Where a new photo stands: by the time that it was taken, in microseconds.

    Of photos of one second, or of one of its fractions, the number in the name decides,
    which a camera counts up; without a number the moment in which they were sent.
    """
    if taken_at is None:
        return int(uploaded_at.timestamp() * 1_000_000)
    position = round(taken_at.timestamp() * 1_000_000)
    room = next(room for room in (1_000_000, 1000, 1) if position % room == 0)
    numbers = re.findall("[0-9]+", name.rpartition(".")[0] or name)
    sent = int(uploaded_at.timestamp() * 1000)
    return position + (int(numbers[-1][-6:]) if numbers else sent) % room


def shared_file(photo, *, with_location):
    """
    What is handed out as the original of a photo, or of a row with its files' names.

    Where the place is not to be told: the copy without it. Where there is no such copy,
    since none could be made or nobody has looked yet: the preview, which never has it.
    """
    if with_location or photo.has_location is False:
        return photo.original
    return photo.without_location or photo.preview


def original_path(photo, name):
    return f"photos/{photo.folder}/original{suffix(name)}"


def suffix(name):
    return "." + name.rsplit(".", 1)[1] if "." in name else ""


class Photo(models.Model):
    """
    An uploaded photo: the original, never touched, and what was drawn from it.

    `state` is the truth about the work: a message in the broker is only a hint.
    """

    class State(models.TextChoices):
        WAITING = "waiting"
        WORKING = "working"
        READY = "ready"
        FAILED = "failed"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    gallery = models.ForeignKey(
        Gallery, on_delete=models.CASCADE, related_name="photos"
    )
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT)
    name = NameField(max_length=NAME_LENGTH)
    caption = NameField(_("caption"), max_length=500, blank=True)
    original = models.FileField(upload_to=original_path, max_length=120)
    has_location = models.BooleanField(
        null=True,
        editable=False,
        help_text="Whether the file says where it was taken; null: not looked yet.",
    )
    # The original with that blanked, for whoever may not see it; "" where it has none.
    without_location = models.FileField(
        max_length=120, blank=True, editable=False, default="", db_default=""
    )
    content_type = models.CharField(max_length=40)
    sha256 = models.CharField(max_length=64, editable=False)
    size_bytes = models.PositiveBigIntegerField(editable=False)
    width = models.PositiveIntegerField(help_text="In pixels, as it is looked at.")
    height = models.PositiveIntegerField()
    taken_at = models.DateTimeField(
        null=True, blank=True, help_text="As the camera noted it."
    )
    camera = NameField(max_length=120, blank=True)
    # The order in the gallery: see new_position. Between two is room for others.
    position = models.BigIntegerField(default=0, editable=False)
    # A few bytes to look at until the thumbnail has come, as a data: address.
    placeholder = models.CharField(max_length=800, blank=True, editable=False)
    preview = models.FileField(max_length=120, blank=True, editable=False)
    thumbnail = models.FileField(max_length=120, blank=True, editable=False)
    uploaded_at = models.DateTimeField(default=timezone.now, editable=False)
    notice = models.CharField(max_length=300, blank=True)

    state = models.CharField(
        max_length=10, choices=State.choices, default=State.WAITING, db_index=True
    )
    error = models.CharField(max_length=300, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0, editable=False)
    run = models.UUIDField(null=True, editable=False, help_text="Who works on it.")
    worker = models.CharField(max_length=200, blank=True, editable=False)
    queued_at = models.DateTimeField(default=timezone.now, editable=False)
    started_at = models.DateTimeField(null=True, editable=False)
    finished_at = models.DateTimeField(null=True, editable=False)
    # Kept by the database itself (a trigger, migration 0003), whoever writes the row.
    updated_at = models.DateTimeField(default=timezone.now, editable=False)
    search = models.GeneratedField(
        expression=searchable("name", "caption"),
        output_field=SearchVectorField(),
        db_persist=True,
    )

    objects = PhotoQuerySet.as_manager()

    class Meta:
        ordering = ["position", "id"]
        verbose_name = _("photo")
        verbose_name_plural = _("photos")
        indexes = [
            models.Index(fields=["gallery", "position", "id"], name="photo_in_order"),
            models.Index(fields=["gallery", "updated_at", "id"], name="photo_changes"),
            models.Index(fields=["gallery", "taken_at"], name="photo_by_year"),
            models.Index(
                fields=["gallery", "state"],
                condition=Q(state__in=["waiting", "working", "failed"]),
                name="photo_not_ready",
            ),
            models.Index(
                fields=["id"],
                condition=Q(has_location=None),
                name="photo_never_looked_at",
            ),
            GinIndex(fields=["search"], name="photo_words"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["gallery", "sha256"], name="photo_once_in_a_gallery"
            )
        ]

    def __str__(self):
        return self.name

    @property
    def folder(self):
        """Where its files are, below photos/: spread over 256 folders."""
        return f"{self.id.hex[:2]}/{self.id}"

    def shared_file(self, *, with_location):
        """The stored file that is handed out as its original; may be empty."""
        return shared_file(self, with_location=with_location)

    def file_of(self, variant):
        """The stored file of `original`, `preview` or `thumbnail`; may be empty."""
        return getattr(self, variant)
