from django.utils import timezone
from rest_framework import generics, status
from rest_framework.exceptions import ValidationError
from rest_framework.generics import get_object_or_404
from rest_framework.response import Response
from rest_framework.views import APIView

from gallery.api.permissions import RoleAllows
from gallery.intake import accept_uploads
from gallery.models import Gallery, Photo
from gallery.serializers import PhotoSerializer, ResultSerializer
from gallery.services import delete_photo


class PhotoListApi(APIView):
    """GET lists a gallery's photos; POST takes `files`, photos or a zip of them."""

    permission_classes = [RoleAllows]

    def get_queryset(self):
        return Photo.objects.visible_to(self.request.user)

    def get_gallery(self):
        galleries = Gallery.objects.visible_to(self.request.user)
        return get_object_or_404(galleries, slug=self.kwargs["slug"])

    def get(self, request, slug):
        photos = self.get_queryset().filter(gallery=self.get_gallery())
        return Response(
            {
                "photos": PhotoSerializer(photos, many=True).data,
                "unfinished": photos.unfinished().count(),
            }
        )

    def post(self, request, slug):
        gallery = self.get_gallery()
        files = request.FILES.getlist("files")
        if not files:
            raise ValidationError(
                {"detail": "No file came with the request: send them as 'files'."}
            )
        results = accept_uploads(gallery, files, owner=request.user, now=timezone.now())
        return Response(
            {"results": ResultSerializer(results, many=True).data},
            status=status_of({result.status for result in results}),
        )


def status_of(statuses):
    if "accepted" in statuses:
        return status.HTTP_201_CREATED
    if "duplicate" in statuses:
        return status.HTTP_200_OK
    return status.HTTP_400_BAD_REQUEST


class PhotoApi(generics.RetrieveDestroyAPIView):
    """GET shows one photo; DELETE removes it: its owner's right, or a moderator's."""

    serializer_class = PhotoSerializer

    def get_queryset(self):
        return Photo.objects.visible_to(self.request.user)

    def perform_destroy(self, photo):
        user = self.request.user
        if photo.owner_id != user.pk and not user.has_perm("gallery.delete_photo"):
            self.permission_denied(
                self.request, message="Only its owner or a moderator may delete it."
            )
        delete_photo(photo)
