from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from drf_spectacular.utils import extend_schema
from rest_framework import generics, permissions, serializers, status
from rest_framework.exceptions import PermissionDenied, ValidationError
from rest_framework.generics import get_object_or_404
from rest_framework.parsers import MultiPartParser
from rest_framework.response import Response

from gallery.api.conditional import ConditionalGet
from gallery.api.permissions import MayChangePhoto
from gallery.deleting import delete_photo
from gallery.editing import edit_photo
from gallery.filters import PhotoFilters, QuickFilters
from gallery.models import Gallery, Photo
from gallery.pagination import PhotosInOrder
from gallery.photo_import import accept_uploads
from gallery.serializers import (
    SHOWN,
    PhotoFactsSerializer,
    PhotoSerializer,
    ResultsSerializer,
    describe_rows,
)


class UploadNotAllowed(PermissionDenied):
    default_detail = gettext_lazy("Your role uploads no photos.")
    default_code = "upload_not_allowed"


class FilesSerializer(serializers.Serializer):
    files = serializers.ListField(child=serializers.FileField())


@extend_schema(tags=["Photos"])
class PhotoListApi(ConditionalGet, generics.GenericAPIView):
    """A gallery's photos in their order."""

    serializer_class = PhotoSerializer
    permission_classes = [permissions.AllowAny]  # the QuerySets decide
    parser_classes = [MultiPartParser]
    pagination_class = PhotosInOrder
    filter_backends = [QuickFilters]
    filterset_class = PhotoFilters
    queryset = Photo.objects.none()  # for the schema

    @property
    def throttle_scope(self):
        return "upload" if self.request.method == "POST" else None

    def get_gallery(self):
        galleries = Gallery.objects.visible_to(self.request.user).defer("search")
        return get_object_or_404(galleries, slug=self.kwargs["slug"])

    @extend_schema(
        operation_id="listPhotos",
        summary="Photos of a gallery, in order",
        responses=PhotoSerializer(many=True),
    )
    def get(self, request, slug):
        gallery = self.get_gallery()
        photos = self.filter_queryset(gallery.photos.all())
        page = self.paginate_queryset(photos.values_list(*SHOWN, named=True))
        shown = describe_rows(page, gallery=gallery, visitor=request.user)
        return self.get_paginated_response(shown)

    @extend_schema(
        operation_id="uploadPhotos",
        summary="Upload photos, or zips of photos, in one request",
        request=FilesSerializer,
        responses={200: ResultsSerializer, 201: ResultsSerializer},
    )
    def post(self, request, slug):
        gallery = self.get_gallery()
        if not Gallery.objects.open_to(request.user).filter(pk=gallery.pk).exists():
            if request.user.is_anonymous:
                self.permission_denied(request)
            raise UploadNotAllowed
        files = request.FILES.getlist("files")
        if not files:
            problem = _("No file came with the request: send them as 'files'.")
            raise ValidationError({"files": [problem]}, code="required")
        results = accept_uploads(gallery, files, owner=request.user, now=timezone.now())
        answer = ResultsSerializer(
            {"results": results}, context=self.get_serializer_context()
        )
        taken = any(result.status == "accepted" for result in results)
        made = status.HTTP_201_CREATED if taken else status.HTTP_200_OK
        return Response(answer.data, status=made)


@extend_schema(tags=["Photos"])
class PhotoApi(ConditionalGet, generics.GenericAPIView):
    """One photo."""

    serializer_class = PhotoSerializer
    permission_classes = [permissions.AllowAny, MayChangePhoto]

    def get_queryset(self):
        photos = Photo.objects.visible_to(self.request.user)
        return photos.select_related("gallery")

    @extend_schema(operation_id="getPhoto", summary="One photo")
    def get(self, request, pk):
        return Response(self.get_serializer(self.get_object()).data)

    @extend_schema(
        operation_id="updatePhoto",
        summary="Change a photo's name, caption, time or place in the order",
        request=PhotoFactsSerializer(partial=True),
    )
    def patch(self, request, pk):
        photo = self.get_object()
        facts = PhotoFactsSerializer(photo, data=request.data, partial=True)
        facts.is_valid(raise_exception=True)
        changed = edit_photo(photo, changes=facts.validated_data)
        return Response(self.get_serializer(changed).data)

    @extend_schema(
        operation_id="deletePhoto",
        summary="Delete a photo and its files",
        responses={204: None},
    )
    def delete(self, request, pk):
        delete_photo(self.get_object())
        return Response(status=status.HTTP_204_NO_CONTENT)
