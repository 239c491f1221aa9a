"""The peer's two views: a list, and a photo that the application sends itself."""

from django.contrib.auth.decorators import login_required
from django.http import FileResponse
from django.shortcuts import get_object_or_404
from django.urls import path, reverse
from rest_framework import generics, serializers

from gallery.models import Photo


class PhotoSerializer(serializers.ModelSerializer):
    thumbnail_url = serializers.SerializerMethodField()
    preview_url = serializers.SerializerMethodField()
    original_url = serializers.SerializerMethodField()

    class Meta:
        model = Photo
        fields = [
            "id",
            "name",
            "caption",
            "state",
            "error",
            "notice",
            "width",
            "height",
            "size_bytes",
            "taken_at",
            "camera",
            "uploaded_at",
            "placeholder",
            "thumbnail_url",
            "preview_url",
            "original_url",
        ]

    def get_thumbnail_url(self, photo):
        return reverse("file", args=[photo.pk, "thumbnail"])

    def get_preview_url(self, photo):
        return reverse("file", args=[photo.pk, "preview"])

    def get_original_url(self, photo):
        return reverse("file", args=[photo.pk, "original"])


class PhotoList(generics.ListAPIView):
    serializer_class = PhotoSerializer

    def get_queryset(self):
        return Photo.objects.filter(
            gallery__slug=self.kwargs["slug"], gallery__owner=self.request.user
        )


@login_required
def photo_file(request, pk, variant):
    photo = get_object_or_404(Photo, pk=pk, gallery__owner=request.user)
    return FileResponse(getattr(photo, variant).open("rb"), content_type="image/webp")


urlpatterns = [
    path("galleries/<slug:slug>/photos/", PhotoList.as_view()),
    path("files/<uuid:pk>/<str:variant>", photo_file, name="file"),
]
