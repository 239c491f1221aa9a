from django.conf import settings
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.models import OuterRef, Q, Subquery
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _

from gallery.models.search import searchable
from socle.core.text_fields import NameField, ParagraphsField


def shown_to(user, *, gallery=""):
    """
    What this visitor may see: the one rule for pages, API, files and downloads.

    Public galleries are everybody's, members' ones of whoever may view galleries,
    private ones of their owner; whoever may change all galleries sees all.

    gallery: what leads to the gallery from the rows that are filtered ("gallery__").
    """
    if user.has_perm("gallery.change_gallery"):
        return Q()
    rule = Q((f"{gallery}visibility", Gallery.Visibility.PUBLIC))
    if user.has_perm("gallery.view_gallery"):
        rule |= Q((f"{gallery}visibility", Gallery.Visibility.MEMBERS))
    if user.is_authenticated:
        rule |= Q((f"{gallery}owner", user))
    return rule


class GalleryQuerySet(models.QuerySet):
    def visible_to(self, user):
        return self.filter(shown_to(user))

    def editable_by(self, user):
        """Those whose facts this visitor may change: their own, or all of them."""
        if user.has_perm("gallery.change_gallery"):
            return self.all()
        if user.has_perm("gallery.add_gallery"):
            return self.filter(owner=user)
        return self.none()

    def open_to(self, user):
        """Those into which this visitor may upload: of what they see, all."""
        if user.has_perm("gallery.add_photo"):
            return self.visible_to(user)
        return self.none()

    def for_show(self):
        """With owner and `shown_cover_id`: the chosen photo, else the first ready."""
        photo = self.model.cover.field.related_model  # whose module imports this one
        ready = photo.objects.filter(gallery=OuterRef("pk"), state=photo.State.READY)
        chosen = ready.filter(pk=OuterRef("cover")).values("pk")
        first = ready.order_by("position", "id").values("pk")[:1]
        cover_id = Coalesce(Subquery(chosen), Subquery(first))
        shown = self.select_related("owner").defer("search")
        return shown.annotate(shown_cover_id=cover_id)


class Gallery(models.Model):
    """Photos that belong together. The slug is its address and never changes."""

    class Visibility(models.TextChoices):
        PUBLIC = "public", _("Public: everybody")
        MEMBERS = "members", _("Members: whoever is signed in")
        PRIVATE = "private", _("Private: you and the moderators")

    name = NameField(_("name"), max_length=120)
    slug = models.SlugField(max_length=140, unique=True, editable=False)
    description = ParagraphsField(_("description"), blank=True)
    event_date = models.DateField(_("date of the event"), null=True, blank=True)
    visibility = models.CharField(
        _("visibility"),
        max_length=10,
        choices=Visibility.choices,
        default=Visibility.MEMBERS,
    )
    shows_locations = models.BooleanField(
        _("show where photos were taken"),
        default=False,
        db_default=False,
    )
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="galleries"
    )
    cover = models.ForeignKey(
        "gallery.Photo",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        help_text="Empty: the first photo that is ready.",
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(auto_now=True)
    # Kept by the database itself (triggers, migration 0003), however rows come and go.
    photo_count = models.PositiveIntegerField(default=0, editable=False)
    search = models.GeneratedField(
        expression=searchable("name", "description"),
        output_field=SearchVectorField(),
        db_persist=True,
    )

    objects = GalleryQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-id"]
        verbose_name = _("gallery")
        verbose_name_plural = _("galleries")
        indexes = [
            models.Index(fields=["-created_at", "-id"], name="gallery_newest_first"),
            GinIndex(fields=["search"], name="gallery_words"),
        ]

    def __str__(self):
        return self.name

    def save(self, *args, **kwargs):
        """Never writes `photo_count`: photos may have come since it was read."""
        if not self.slug:
            self.slug = free_slug(self.name)
        if not self._state.adding and kwargs.get("update_fields") is None:
            kwargs["update_fields"] = self.own_fields()
        super().save(*args, **kwargs)

    def get_absolute_url(self):
        return reverse("gallery:detail", args=[self.slug])

    def own_fields(self):
        kept = {"id", "photo_count", "search", *self.get_deferred_fields()}
        return [
            field.name
            for field in self._meta.concrete_fields
            if not kept & {field.name, field.attname}
        ]


def free_slug(name: str) -> str:
    base = slugify(name)[:120] or "gallery"
    base = "gallery-new" if base == "new" else base  # galleries/new/ is a page
    taken = set(
        Gallery.objects.filter(slug__startswith=base).values_list("slug", flat=True)
    )
    candidates = (base if n == 1 else f"{base}-{n}" for n in range(1, len(taken) + 2))
    return next(slug for slug in candidates if slug not in taken)
