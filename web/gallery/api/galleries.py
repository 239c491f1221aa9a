from rest_framework import generics

from gallery.api.permissions import RoleAllows
from gallery.models import Gallery
from gallery.serializers import GallerySerializer


class GalleryListApi(generics.ListCreateAPIView):
    """GET lists the galleries; POST makes one."""

    serializer_class = GallerySerializer
    permission_classes = [RoleAllows]

    def get_queryset(self):
        return Gallery.objects.visible_to(self.request.user)

    def perform_create(self, serializer):
        serializer.save(owner=self.request.user)


class GalleryApi(generics.RetrieveAPIView):
    serializer_class = GallerySerializer
    permission_classes = [RoleAllows]
    lookup_field = "slug"

    def get_queryset(self):
        return Gallery.objects.visible_to(self.request.user)
