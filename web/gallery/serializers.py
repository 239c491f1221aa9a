"""
What the API says of galleries and photos, and what it takes.

Lists are long: a row becomes a dict in one step, by `describe_photo`, and not field by
field. The fields are declared all the same, for the schema.
"""

from collections.abc import Iterable
from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_serializer
from rest_framework import serializers

from gallery.media_links import link
from gallery.models import NAME_LENGTH, Gallery, Photo
from gallery.photo_import import clean_name
from gallery.row_permissions import Rights
from socle.core.api.serializer_fields import TextModelSerializer

# The columns of a photo that are shown as they are.
FACTS = (
    "id",
    "name",
    "caption",
    "position",
    "state",
    "error",
    "notice",
    "width",
    "height",
    "size_bytes",
    "taken_at",
    "camera",
    "uploaded_at",
    "has_location",
    "placeholder",
)
# With those that say where its files are and what may be done with it.
SHOWN = (*FACTS, "owner_id", "original", "preview", "thumbnail")


def describe_rows(rows, *, gallery: Gallery, visitor) -> list[dict[str, Any]]:
    """
    Photos of `gallery` from `values_list(*SHOWN, named=True)`.

    A model instance for each would take as long as the rest of the work.
    """
    rights = Rights.of(visitor)
    return [describe_photo(row, gallery=gallery, rights=rights) for row in rows]


def describe_photo(photo, *, gallery: Gallery, rights: Rights) -> dict[str, Any]:
    """photo: a Photo, or a row with SHOWN."""
    return {name: getattr(photo, name) for name in FACTS} | {
        "thumbnail_url": link(photo, "thumbnail"),
        "preview_url": link(photo, "preview"),
        "original_url": link(photo, "original"),
        "can_edit": rights.may_edit_photo(photo, gallery=gallery),
    }


def describe_gallery(
    gallery: Gallery, *, cover: Photo | None, rights: Rights
) -> dict[str, Any]:
    return {
        "name": gallery.name,
        "slug": gallery.slug,
        "description": gallery.description,
        "event_date": gallery.event_date,
        "visibility": gallery.visibility,
        "shows_locations": gallery.shows_locations,
        "photo_count": gallery.photo_count,
        "cover": cover and describe_cover(cover),
        "owner_name": name_of(gallery.owner),
        "created_at": gallery.created_at,
        "url": gallery.get_absolute_url(),
        "can_edit": rights.may_edit_gallery(gallery),
        "can_upload": rights.may_upload(),
    }


def describe_cover(photo: Photo) -> dict[str, Any]:
    return {
        "id": photo.id,
        "thumbnail_url": link(photo, "thumbnail"),
        "width": photo.width,
        "height": photo.height,
        "placeholder": photo.placeholder,
    }


def name_of(person) -> str:
    """Never the whole address: public galleries are everybody's."""
    return person.get_full_name() or person.email.partition("@")[0]


def rights_in(serializer: serializers.BaseSerializer) -> Rights:
    """Of the visitor; asked once, however long the list is."""
    context: Any = serializer.context
    if "rights" not in context:
        context["rights"] = Rights.of(context["request"].user)
    return context["rights"]


class PhotoSerializer(serializers.ModelSerializer):
    """A photo as it is shown. Many are to come with `select_related("gallery")`."""

    position = serializers.IntegerField(help_text=_("The order in the gallery."))
    placeholder = serializers.CharField(
        help_text=_("A tiny picture as a data: address, to show until one came.")
    )
    thumbnail_url = serializers.CharField(allow_null=True)
    preview_url = serializers.CharField(allow_null=True)
    original_url = serializers.CharField(allow_null=True)
    can_edit = serializers.BooleanField()

    class Meta:
        model = Photo
        fields = [*FACTS, "thumbnail_url", "preview_url", "original_url", "can_edit"]
        read_only_fields = fields

    def to_representation(self, photo):
        return describe_photo(photo, gallery=photo.gallery, rights=rights_in(self))


class CoverSerializer(serializers.Serializer):
    """The photo that stands for its gallery."""

    id = serializers.UUIDField()
    thumbnail_url = serializers.CharField(allow_null=True)
    width = serializers.IntegerField()
    height = serializers.IntegerField()
    placeholder = serializers.CharField()


class GalleryListSerializer(serializers.ListSerializer):
    def to_representation(self, galleries):
        """All covers are read in one query."""
        return described(list(galleries), serializer=self)


class GallerySerializer(serializers.ModelSerializer):
    """A gallery as it is shown; from `Gallery.objects.for_show()`."""

    cover = CoverSerializer(allow_null=True, read_only=True)
    owner_name = serializers.CharField(read_only=True)
    url = serializers.CharField(read_only=True, help_text=_("Of its page."))
    can_edit = serializers.BooleanField(read_only=True)
    can_upload = serializers.BooleanField(read_only=True)

    class Meta:
        model = Gallery
        list_serializer_class = GalleryListSerializer
        fields = [
            "name",
            "slug",
            "description",
            "event_date",
            "visibility",
            "shows_locations",
            "photo_count",
            "cover",
            "owner_name",
            "created_at",
            "url",
            "can_edit",
            "can_upload",
        ]
        read_only_fields = fields

    def to_representation(self, gallery):
        return described([gallery], serializer=self)[0]


def described(
    galleries: Iterable[Any], *, serializer: serializers.BaseSerializer
) -> list[dict[str, Any]]:
    rights = rights_in(serializer)
    # As for_show annotates them.
    ids = [gallery.shown_cover_id for gallery in galleries if gallery.shown_cover_id]
    covers = Photo.objects.select_related("gallery").in_bulk(ids) if ids else {}
    return [
        describe_gallery(
            gallery, cover=covers.get(gallery.shown_cover_id), rights=rights
        )
        for gallery in galleries
    ]


class PhotoOfGalleryField(serializers.PrimaryKeyRelatedField):
    """Whether a photo of another gallery exists is not told: it is refused alike."""

    default_error_messages = {
        "does_not_exist": _("The cover must be a photo of this gallery.")
    }

    def get_queryset(self):
        return Photo.objects.filter(gallery=self.parent.instance)


@extend_schema_serializer(component_name="GalleryFacts")
class GalleryFactsSerializer(TextModelSerializer):
    """What can be written of a gallery."""

    cover_id = PhotoOfGalleryField(
        source="cover",
        queryset=Photo.objects.all(),
        required=False,
        allow_null=True,
        help_text=_("One of its photos; null for the first one."),
    )

    class Meta:
        model = Gallery
        fields = [
            "name",
            "description",
            "event_date",
            "visibility",
            "shows_locations",
            "cover_id",
        ]


@extend_schema_serializer(component_name="PhotoFacts")
class PhotoFactsSerializer(TextModelSerializer):
    """What can be written of a photo; its place by the photo that it comes after."""

    after_id = serializers.UUIDField(
        required=False,
        allow_null=True,
        help_text=_("Move it behind this photo; null: to the front."),
    )

    class Meta:
        model = Photo
        fields = ["name", "caption", "taken_at", "after_id"]
        extra_kwargs = {"name": {"max_length": NAME_LENGTH}}

    def validate_name(self, name):
        return clean_name(name)

    def validate_after_id(self, photo_id):
        """The photo itself, or None for the front."""
        if photo_id is None:
            return None
        gallery_id = self.instance and self.instance.gallery_id
        photo = Photo.objects.filter(pk=photo_id, gallery=gallery_id)
        if (found := photo.first()) is not None:
            return found
        raise serializers.ValidationError(
            _("There is no such photo in this gallery."), code="does_not_exist"
        )


@extend_schema_serializer(component_name="UploadResult")
class ResultSerializer(serializers.Serializer):
    """What became of one uploaded file."""

    name = serializers.CharField()
    status = serializers.ChoiceField(
        choices=["accepted", "duplicate", "rejected", "passed_over"]
    )
    code = serializers.CharField()
    message = serializers.CharField()
    photo = PhotoSerializer(allow_null=True)


class ResultsSerializer(serializers.Serializer):
    results = ResultSerializer(many=True)


class CountsSerializer(serializers.Serializer):
    total = serializers.IntegerField()
    unfinished = serializers.IntegerField()
    failed = serializers.IntegerField()


class ChangesSerializer(serializers.Serializer):
    """Photos that came or changed; those of the last seconds come more than once."""

    photos = PhotoSerializer(many=True)
    since = serializers.CharField(help_text=_("For the next question."))
    more = serializers.BooleanField(help_text=_("Ask again at once."))
    counts = CountsSerializer()
