from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import exceptions, serializers, status
from rest_framework.generics import get_object_or_404
from rest_framework.permissions import AllowAny
from rest_framework.response import Response
from rest_framework.views import APIView

from gallery.downloads import address_of, downloads_of, request_download
from gallery.exceptions import DownloadFailed
from gallery.models import Download, Gallery
from gallery.row_permissions import Rights


class DownloadSerializer(serializers.ModelSerializer):
    """A gallery's zip. `url` is there as soon as it is ready."""

    url = serializers.SerializerMethodField()

    class Meta:
        model = Download
        fields = [
            "id",
            "state",
            "url",
            "size_bytes",
            "photo_count",
            "packed_count",
            "error",
        ]
        read_only_fields = fields

    def get_url(self, download) -> str | None:
        return address_of(download)


class NothingToPack(exceptions.APIException):
    status_code = status.HTTP_409_CONFLICT
    default_code = "nothing_to_download"


class DownloadListApi(APIView):
    permission_classes = [AllowAny]  # whoever sees the gallery
    throttle_scope = "download"

    @extend_schema(
        operation_id="requestDownload",
        summary="Ask for a gallery's originals in one zip",
        tags=["Downloads"],
        request=None,
        responses={200: DownloadSerializer, 202: DownloadSerializer},
    )
    def post(self, request, slug):
        galleries = Gallery.objects.visible_to(request.user)
        gallery = get_object_or_404(galleries, slug=slug)
        try:
            download = request_download(
                gallery,
                with_locations=Rights.of(request.user).may_see_locations(gallery),
                now=timezone.now(),
            )
        except DownloadFailed as error:
            raise NothingToPack(str(error)) from error
        is_over = download.state in {Download.State.READY, Download.State.FAILED}
        return Response(
            DownloadSerializer(download).data,
            status=status.HTTP_200_OK if is_over else status.HTTP_202_ACCEPTED,
        )


class DownloadApi(APIView):
    permission_classes = [AllowAny]

    @extend_schema(
        operation_id="getDownload",
        summary="How far a gallery's zip is",
        tags=["Downloads"],
        responses=DownloadSerializer,
    )
    def get(self, request, pk):
        download = get_object_or_404(downloads_of(request.user), pk=pk)
        return Response(DownloadSerializer(download).data)
