from django.http import Http404
from django.utils import timezone
from django.utils.translation import get_language
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import generics, status
from rest_framework.permissions import AllowAny, BasePermission
from rest_framework.response import Response

from accounts import invitations, tasks
from accounts.api.base import AccountApi
from accounts.serializers import (
    AcceptInvitationSerializer,
    AccountSerializer,
    InvitationSerializer,
)

NOTHING = OpenApiResponse(description="Done.")


class MayInvite(BasePermission):
    def has_permission(self, request, view):
        return request.user.has_perm("accounts.invite")


class InvitationListApi(AccountApi, generics.ListAPIView):
    permission_classes = [MayInvite]
    serializer_class = InvitationSerializer
    pagination_class = None
    filter_backends: list = []

    def get_throttles(self):
        self.throttle_scope = "invitation" if self.request.method == "POST" else None
        return super().get_throttles()

    def get_queryset(self):
        return invitations.visible_to(self.request.user)

    @extend_schema(
        operation_id="listInvitations",
        summary="Invitations that nobody has taken yet",
        description="Superusers see all, others those that they sent.",
        tags=["Account"],
    )
    def get(self, request):
        return self.list(request)

    @extend_schema(
        operation_id="inviteMember",
        summary="Invite somebody by e-mail",
        description="Once more for the same address sends a new e-mail; the older one "
        "is worth nothing then.",
        tags=["Account"],
        request=InvitationSerializer,
        responses={201: InvitationSerializer},
    )
    def post(self, request):
        given = self.validated(InvitationSerializer)
        invitation = tasks.invite_by_letter(
            given["email"], role=given["role"], by=request.user, now=timezone.now()
        )
        return Response(InvitationSerializer(invitation).data, status=201)


class InvitationDetailApi(AccountApi):
    permission_classes = [MayInvite]

    @extend_schema(
        operation_id="withdrawInvitation",
        summary="Withdraw an invitation",
        tags=["Account"],
        responses={204: NOTHING},
    )
    def delete(self, request, pk):
        if not invitations.visible_to(request.user).filter(pk=pk).delete()[0]:
            raise Http404
        return Response(status=status.HTTP_204_NO_CONTENT)


class AcceptInvitationApi(AccountApi):
    authentication_classes: list = []
    permission_classes = [AllowAny]
    throttle_scope = "sign_in"

    @extend_schema(
        operation_id="acceptInvitation",
        summary="Make an account with an invitation",
        description="`token` is the last part of the link in the e-mail. Then sign in.",
        tags=["Account"],
        request=AcceptInvitationSerializer,
        responses={201: AccountSerializer},
        auth=[],
    )
    def post(self, request):
        given = self.validated(AcceptInvitationSerializer)
        key = given.pop("token")
        language = get_language() or ""
        person = invitations.accept(key, **given, language=language, now=timezone.now())
        return Response(AccountSerializer(person).data, status=status.HTTP_201_CREATED)
