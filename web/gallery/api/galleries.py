from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import generics, permissions, status
from rest_framework.response import Response

from gallery.api.conditional import ConditionalGet
from gallery.api.permissions import MayChangeGallery
from gallery.deleting import delete_gallery
from gallery.filters import GalleryFilters, QuickFilters
from gallery.models import Gallery
from gallery.pagination import NewestGalleries
from gallery.serializers import GalleryFactsSerializer, GallerySerializer


class GalleryListApi(ConditionalGet, generics.ListAPIView):
    """The galleries that this visitor may see."""

    serializer_class = GallerySerializer
    permission_classes = [permissions.AllowAny]  # the QuerySets decide
    pagination_class = NewestGalleries
    filter_backends = [QuickFilters]
    filterset_class = GalleryFilters

    def get_queryset(self):
        return Gallery.objects.visible_to(self.request.user).for_show()

    @extend_schema(
        operation_id="listGalleries",
        summary="Galleries, the newest first",
        tags=["Galleries"],
    )
    def get(self, request, *args, **kwargs):
        return super().get(request, *args, **kwargs)

    @extend_schema(
        operation_id="createGallery",
        summary="Make a gallery",
        tags=["Galleries"],
        request=GalleryFactsSerializer,
        responses={201: GallerySerializer},
    )
    def post(self, request):
        if not request.user.has_perm("gallery.add_gallery"):
            self.permission_denied(request, message=_("Your role makes no galleries."))
        facts = GalleryFactsSerializer(data=request.data)
        facts.is_valid(raise_exception=True)
        made = facts.save(owner=request.user)
        shown = self.get_serializer(self.get_queryset().get(pk=made.pk))
        return Response(shown.data, status=status.HTTP_201_CREATED)


@extend_schema(tags=["Galleries"])
class GalleryApi(ConditionalGet, generics.GenericAPIView):
    """One gallery, by its slug."""

    serializer_class = GallerySerializer
    permission_classes = [permissions.AllowAny, MayChangeGallery]
    lookup_field = "slug"

    def get_queryset(self):
        return Gallery.objects.visible_to(self.request.user).for_show()

    @extend_schema(operation_id="getGallery", summary="One gallery")
    def get(self, request, slug):
        return Response(self.get_serializer(self.get_object()).data)

    @extend_schema(
        operation_id="updateGallery",
        summary="Change a gallery",
        request=GalleryFactsSerializer(partial=True),
    )
    def patch(self, request, slug):
        gallery = self.get_object()
        facts = GalleryFactsSerializer(gallery, data=request.data, partial=True)
        facts.is_valid(raise_exception=True)
        facts.save()
        shown = Gallery.objects.for_show().get(pk=gallery.pk)
        return Response(self.get_serializer(shown).data)

    @extend_schema(
        operation_id="deleteGallery",
        summary="Delete a gallery, its photos and all of their files",
        responses={204: None},
    )
    def delete(self, request, slug):
        delete_gallery(self.get_object())
        return Response(status=status.HTTP_204_NO_CONTENT)
