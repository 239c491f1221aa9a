from rest_framework import serializers

from gallery.models import Gallery, Photo


class GallerySerializer(serializers.ModelSerializer):
    url = serializers.CharField(source="get_absolute_url", read_only=True)

    class Meta:
        model = Gallery
        fields = ["name", "slug", "description", "created_at", "url"]
        read_only_fields = ["slug", "created_at"]


class PhotoSerializer(serializers.ModelSerializer):
    thumbnail_url = serializers.SerializerMethodField()
    preview_url = serializers.SerializerMethodField()
    original_url = serializers.SerializerMethodField()

    class Meta:
        model = Photo
        fields = [
            "id",
            "name",
            "state",
            "error",
            "notice",
            "width",
            "height",
            "thumbnail_url",
            "preview_url",
            "original_url",
            "uploaded_at",
        ]

    def get_thumbnail_url(self, photo):
        return photo.url_of("thumbnail")

    def get_preview_url(self, photo):
        return photo.url_of("preview")

    def get_original_url(self, photo):
        return photo.url_of("original")


class ResultSerializer(serializers.Serializer):
    """What became of one uploaded file."""

    name = serializers.CharField()
    status = serializers.CharField()
    code = serializers.CharField()
    message = serializers.CharField()
    photo = PhotoSerializer(allow_null=True)
