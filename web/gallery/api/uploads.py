"""Resumable uploads: the tus protocol, version 1.0 (https://tus.io)."""

import base64
import binascii
from datetime import UTC, datetime
from email.utils import format_datetime

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import (
    OpenApiParameter,
    OpenApiResponse,
    extend_schema,
    extend_schema_field,
)
from rest_framework import exceptions, serializers, status
from rest_framework.generics import get_object_or_404
from rest_framework.parsers import BaseParser
from rest_framework.permissions import IsAuthenticated
from rest_framework.response import Response
from rest_framework.views import APIView

from gallery import exceptions as problems
from gallery.models import Gallery, Photo, Upload
from gallery.resumable import begin, cancel, expires_at, offset_of, receive
from gallery.serializers import ResultSerializer
from gallery.upload_processing import take_in_soon

VERSION = "1.0.0"
EXTENSIONS = "creation,termination,expiration"
STATUSES: dict[type[problems.UploadProblem], int] = {
    problems.WrongOffset: 409,
    problems.UploadExpired: 410,
    problems.UploadTooLarge: 413,
    problems.UploadBusy: 423,
    problems.TooManyUploads: 429,
    problems.DiskFull: 507,
}


# --- What goes in and out ---------------------------------------------------------


class Chunks(BaseParser):
    """Hands the body on as a stream: it is never in memory as a whole."""

    media_type = "application/offset+octet-stream"

    def parse(self, stream, media_type=None, parser_context=None):
        return stream


class UploadSummarySerializer(serializers.ModelSerializer):
    received_bytes = serializers.SerializerMethodField()

    class Meta:
        model = Upload
        fields = ["id", "name", "size_bytes", "received_bytes", "state", "error"]
        read_only_fields = fields

    def get_received_bytes(self, upload) -> int:
        return offset_of(upload)


class UploadSerializer(UploadSummarySerializer):
    result_count = serializers.SerializerMethodField()
    results = serializers.SerializerMethodField()

    class Meta(UploadSummarySerializer.Meta):
        fields = [*UploadSummarySerializer.Meta.fields, "result_count", "results"]
        read_only_fields = fields

    def get_result_count(self, upload) -> int:
        return len(upload.results)

    @extend_schema_field(ResultSerializer(many=True))
    def get_results(self, upload):
        results = upload.results[self.context.get("since", 0) :]
        ids = [result["photo"] for result in results if result["photo"]]
        photos = Photo.objects.select_related("gallery").in_bulk(ids)
        by_id = {str(pk): photo for pk, photo in photos.items()}
        full = [result | {"photo": by_id.get(result["photo"])} for result in results]
        return ResultSerializer(full, many=True, context=self.context).data


class UploadListSerializer(serializers.Serializer):
    results = UploadSummarySerializer(many=True)


def header(name: str, description: str, *, required=True) -> OpenApiParameter:
    return OpenApiParameter(
        name,
        OpenApiTypes.STR,
        OpenApiParameter.HEADER,
        required=required,
        description=description,
    )


# --- The views --------------------------------------------------------------------


class TusView(APIView):
    """What all answers have in common, errors too."""

    permission_classes = [IsAuthenticated]

    def initial(self, request, *args, **kwargs):
        super().initial(request, *args, **kwargs)
        asked = request.headers.get("Tus-Resumable", VERSION)
        if asked != VERSION:
            raise refusal(
                412, "tus_version", _("Only version 1.0.0 of tus is spoken here.")
            )

    def handle_exception(self, error):
        if isinstance(error, problems.UploadProblem):
            error = refusal(STATUSES[type(error)], error.code, str(error))
        return super().handle_exception(error)

    def finalize_response(self, request, response, *args, **kwargs):
        response = super().finalize_response(request, response, *args, **kwargs)
        response["Tus-Resumable"] = VERSION
        response["Cache-Control"] = "no-store"
        return response

    @extend_schema(exclude=True)
    def options(self, request, *args, **kwargs):
        megabytes = max(settings.UPLOAD_ZIP_LIMIT_MB, settings.UPLOAD_LIMIT_MB)
        headers = {
            "Tus-Version": VERSION,
            "Tus-Extension": EXTENSIONS,
            "Tus-Max-Size": str(megabytes * 1024 * 1024),
            "Upload-Limit": upload_limit(),
        }
        return Response(status=status.HTTP_204_NO_CONTENT, headers=headers)


class UploadListApi(TusView):
    def get_throttles(self):
        self.throttle_scope = "upload" if self.request.method == "POST" else None
        return super().get_throttles()

    def get_gallery(self, slug):
        user = self.request.user
        gallery = get_object_or_404(Gallery.objects.visible_to(user), slug=slug)
        check_still_open(gallery, user)
        return gallery

    @extend_schema(
        operation_id="listUploads",
        summary="My uploads into a gallery that have not ended",
        tags=["Uploads"],
        responses=UploadListSerializer,
    )
    def get(self, request, slug):
        uploads = self.get_gallery(slug).uploads.filter(owner=request.user).running()
        now = timezone.now()
        alive = [upload for upload in uploads if expires_at(upload) > now]
        return Response(UploadListSerializer({"results": alive}).data)

    @extend_schema(
        operation_id="createUpload",
        summary="Begin to upload a photo or a zip in chunks (tus)",
        tags=["Uploads"],
        request=None,
        parameters=[
            header("Upload-Length", "How many bytes will come."),
            header("Upload-Metadata", "`filename`, then its name in base64."),
        ],
        responses={
            201: OpenApiResponse(
                description="Its address is in Location, and in Upload-Limit how large "
                "one chunk may be."
            )
        },
    )
    def post(self, request, slug):
        gallery = self.get_gallery(slug)
        upload = begin(
            gallery=gallery,
            owner=request.user,
            name=file_name(request.headers.get("Upload-Metadata", "")),
            size_bytes=length_in(request, "Upload-Length", at_least=1),
            now=timezone.now(),
        )
        headers = {"Location": f"/api/uploads/{upload.pk}/", **facts(upload)}
        headers["Upload-Limit"] = upload_limit()
        return Response(status=status.HTTP_201_CREATED, headers=headers)


class UploadApi(TusView):
    parser_classes = [Chunks]

    def get_upload(self, pk):
        uploads = Upload.objects.select_related("gallery")
        return get_object_or_404(uploads, pk=pk, owner=self.request.user)

    @extend_schema(
        operation_id="getUpload",
        summary="How far an upload is, and what became of each of its files",
        tags=["Uploads"],
        parameters=[
            OpenApiParameter(
                "since",
                OpenApiTypes.INT,
                description="Leave out the first so many of `results`.",
            )
        ],
        responses=UploadSerializer,
    )
    def get(self, request, pk):
        since = since_in(request.query_params.get("since", "0"))
        context = {"request": request, "since": since}
        return Response(UploadSerializer(self.get_upload(pk), context=context).data)

    @extend_schema(exclude=True)
    def head(self, request, pk):
        upload = self.get_upload(pk)
        if upload.state == Upload.State.RECEIVING and is_expired(upload):
            raise problems.UploadExpired(_("The upload was given up after a day."))
        return Response(headers=facts(upload))

    @extend_schema(
        operation_id="sendChunk",
        summary="Send the next chunk of an upload (tus)",
        description=(
            "A chunk may be the whole of a photo: at most the bytes that the header "
            "`Upload-Limit: max-append-size=…` of OPTIONS and of the upload's creation "
            "says. A zip that is larger comes in several. Chunks of 8 MB lose little "
            "when a connection breaks."
        ),
        tags=["Uploads"],
        request={Chunks.media_type: OpenApiTypes.BINARY},
        parameters=[header("Upload-Offset", "How many bytes came before this chunk.")],
        responses={
            204: OpenApiResponse(description="Upload-Offset says how far it is.")
        },
    )
    def patch(self, request, pk):
        upload = self.get_upload(pk)
        check_still_open(upload.gallery, request.user)
        offset = length_in(request, "Upload-Offset")
        length = content_length(request)
        if length == 0 and offset == offset_of(upload):
            return Response(status=status.HTTP_204_NO_CONTENT, headers=facts(upload))
        upload = receive(
            upload, request.data, offset=offset, length=length, now=timezone.now()
        )
        if upload.state == Upload.State.WAITING:
            take_in_soon(upload)
        return Response(status=status.HTTP_204_NO_CONTENT, headers=facts(upload))

    @extend_schema(
        operation_id="cancelUpload",
        summary="Cancel an upload; photos that are taken already stay",
        tags=["Uploads"],
        responses={204: None},
    )
    def delete(self, request, pk):
        cancel(self.get_upload(pk))
        return Response(status=status.HTTP_204_NO_CONTENT)


# --- Headers ----------------------------------------------------------------------


def check_still_open(gallery, user) -> None:
    if not Gallery.objects.open_to(user).filter(pk=gallery.pk).exists():
        raise exceptions.PermissionDenied(
            _("You may look at this gallery, but not upload into it.")
        )


def is_expired(upload) -> bool:
    return expires_at(upload) <= timezone.now()


def facts(upload) -> dict[str, str]:
    headers = {
        "Upload-Offset": str(offset_of(upload)),
        "Upload-Length": str(upload.size_bytes),
    }
    if upload.state == Upload.State.RECEIVING:
        headers["Upload-Expires"] = http_time(expires_at(upload))
    return headers


def upload_limit() -> str:
    """
    The largest body of one PATCH, as the HTTP working group's draft says it; tus has
    no word for it. nginx refuses larger ones.
    """
    return f"max-append-size={settings.UPLOAD_LIMIT_MB * 1024 * 1024}"


def http_time(moment: datetime) -> str:
    return format_datetime(moment.astimezone(UTC), usegmt=True)


def length_in(request, name: str, *, at_least: int = 0, default: str = "") -> int:
    raw = request.headers.get(name) or default
    if not (raw.isascii() and raw.isdigit()) or len(raw) > 15 or int(raw) < at_least:
        raise refusal(
            400,
            "invalid_header",
            _("The header %(name)s must be a whole number from %(least)s.")
            % {"name": name, "least": at_least},
        )
    return int(raw)


def since_in(text: str) -> int:
    """Raises ValidationError."""
    if text.isascii() and text.isdigit():
        return int(text[:9])  # no upload has so many files
    problem = _("It must be a whole number, 0 or more.")
    raise exceptions.ValidationError({"since": [problem]})


def content_length(request) -> int:
    if "Transfer-Encoding" in request.headers:
        raise refusal(
            411, "length_required", _("A chunk must say its length (Content-Length).")
        )
    return length_in(request, "Content-Length", default="0")


def file_name(metadata: str) -> str:
    """From `Upload-Metadata: filename bXkuanBn,filetype aW1hZ2U=`."""
    pairs = (pair.split() for pair in metadata.split(","))
    given = {pair[0]: pair[1] for pair in pairs if len(pair) == 2}
    value = given.get("filename") or given.get("name") or ""  # some clients send that
    try:
        return base64.b64decode(value, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError) as error:
        raise refusal(
            400,
            "invalid_header",
            _("The file's name in Upload-Metadata is not UTF-8 in base64."),
        ) from error


def refusal(status_code: int, code: str, detail: str) -> exceptions.APIException:
    error = exceptions.APIException(detail, code=code)
    error.status_code = status_code
    return error
