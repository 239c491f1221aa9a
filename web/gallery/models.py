import uuid
from datetime import timedelta

from django.conf import settings
from django.db import models
from django.urls import reverse
from django.utils import timezone
from django.utils.text import slugify

# A run may last 60 s (tasks.py); whoever is silent for longer than this is gone.
RUN_IS_LOST_AFTER = timedelta(seconds=90)
MESSAGE_MAY_BE_LOST_AFTER = timedelta(seconds=60)
MOST_ATTEMPTS = 3
NAME_LENGTH = 200


class GalleryQuerySet(models.QuerySet):
    def visible_to(self, user):
        """Every gallery for whoever is signed in, none for anybody else."""
        return self.all() if user.is_authenticated else self.none()

    def with_photo_count(self):
        return self.annotate(photo_count=models.Count("photos"))


class Gallery(models.Model):
    """Photos that belong together. The slug is its address and never changes."""

    name = models.CharField(max_length=120)
    slug = models.SlugField(max_length=140, unique=True, editable=False)
    description = models.TextField(blank=True)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = GalleryQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at"]
        verbose_name_plural = "galleries"

    def __str__(self):
        return self.name

    def save(self, *args, **kwargs):
        if not self.slug:
            self.slug = free_slug(self.name)
        super().save(*args, **kwargs)

    def get_absolute_url(self):
        return reverse("gallery:detail", args=[self.slug])

    @property
    def cover(self):
        """The first photo that can be shown, or None."""
        return self.photos.filter(state=Photo.State.READY).first()


def free_slug(name: str) -> str:
    base = slugify(name)[:120] or "gallery"
    base = "gallery-new" if base == "new" else base  # galleries/new/ is a page
    taken = set(
        Gallery.objects.filter(slug__startswith=base).values_list("slug", flat=True)
    )
    candidates = (base if n == 1 else f"{base}-{n}" for n in range(1, len(taken) + 2))
    return next(slug for slug in candidates if slug not in taken)


class PhotoQuerySet(models.QuerySet):
    def visible_to(self, user):
        return self.all() if user.is_authenticated else self.none()

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
    name = models.CharField(max_length=NAME_LENGTH)
    original = models.FileField(upload_to=original_path, max_length=120)
    content_type = models.CharField(max_length=40)
    sha256 = models.CharField(max_length=64, editable=False)
    size_bytes = models.PositiveBigIntegerField(editable=False)
    width = models.PositiveIntegerField(help_text="In pixels, as it is looked at.")
    height = models.PositiveIntegerField()
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

    objects = PhotoQuerySet.as_manager()

    class Meta:
        ordering = ["uploaded_at", "id"]
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

    def file_of(self, variant):
        """The stored file of `original`, `preview` or `thumbnail`; may be empty."""
        return getattr(self, variant)

    def url_of(self, variant):
        """The address of one of its files, or None while there is none."""
        if not self.file_of(variant):
            return None
        return reverse("gallery:photo_file", args=[self.id, variant])

    @property
    def thumbnail_url(self):
        return self.url_of("thumbnail")
