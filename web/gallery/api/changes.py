from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import generics, permissions
from rest_framework.response import Response

from gallery import change_feed
from gallery.api.conditional import ConditionalGet
from gallery.models import Gallery
from gallery.serializers import ChangesSerializer


class ChangesApi(ConditionalGet, generics.GenericAPIView):
    """What came or changed in a gallery since the last question."""

    serializer_class = ChangesSerializer
    permission_classes = [permissions.AllowAny]
    lookup_field = "slug"

    def get_queryset(self):
        return Gallery.objects.visible_to(self.request.user)

    @extend_schema(
        operation_id="listChanges",
        summary="Photos that came or changed since, and how many are unfinished",
        tags=["Photos"],
        parameters=[
            OpenApiParameter(
                "since",
                str,
                description="From the last answer. Without it no photos are answered, "
                "only where to begin: ask so before the list of photos is read.",
            )
        ],
    )
    def get(self, request, slug):
        found = change_feed.since(
            self.get_object(), request.GET.get("since"), now=timezone.now()
        )
        return Response(self.get_serializer(found).data)
