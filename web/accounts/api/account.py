from django.http import Http404
from django.utils import timezone
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import exceptions, generics, status
from rest_framework.permissions import AllowAny, IsAuthenticated
from rest_framework.response import Response

from accounts import account_limit, login, passwords, sessions, tasks
from accounts.api.base import AccountApi
from accounts.exceptions import WrongCredentials
from accounts.models import SignIn
from accounts.serializers import (
    AccountSerializer,
    ChangePasswordSerializer,
    RequestResetSerializer,
    ResetPasswordSerializer,
    SignInSerializer,
)

NOTHING = OpenApiResponse(description="Done.")


class AccountDetailApi(AccountApi):
    permission_classes = [IsAuthenticated]

    @extend_schema(
        operation_id="getAccount",
        summary="Who is signed in",
        tags=["Account"],
        responses=AccountSerializer,
    )
    def get(self, request):
        return Response(AccountSerializer(request.user).data)

    @extend_schema(
        operation_id="updateAccount",
        summary="Change name or language",
        tags=["Account"],
        request=AccountSerializer(partial=True),
        responses=AccountSerializer,
    )
    def patch(self, request):
        serializer = AccountSerializer(request.user, data=request.data, partial=True)
        serializer.is_valid(raise_exception=True)
        serializer.save()
        return Response(serializer.data)


class PasswordApi(AccountApi):
    permission_classes = [IsAuthenticated]
    password_field = "new_password"
    throttle_scope = "sign_in"

    @extend_schema(
        operation_id="changePassword",
        summary="Change the password",
        description="Ends all other sign-ins. The one that asks by cookie gets new "
        "cookies; other clients obtain new tokens.",
        tags=["Account"],
        request=ChangePasswordSerializer,
        responses={204: NOTHING},
    )
    def post(self, request):
        given = self.validated(ChangePasswordSerializer)
        try:
            login.change_password(
                request._request,
                request.user,
                old=given["old_password"],
                new=given["new_password"],
            )
        except WrongCredentials as error:
            message = exceptions.ErrorDetail(
                login.wrong_old_password(), code=error.code
            )
            raise exceptions.ValidationError({"old_password": [message]}) from error
        return Response(status=status.HTTP_204_NO_CONTENT)


class RequestResetApi(AccountApi):
    authentication_classes: list = []
    permission_classes = [AllowAny]
    throttle_scope = "password_reset"

    @extend_schema(
        operation_id="requestPasswordReset",
        summary="Ask for an e-mail to choose a new password",
        description="The answer is the same whether the address has an account or not.",
        tags=["Account"],
        request=RequestResetSerializer,
        responses={202: NOTHING},
        auth=[],
    )
    def post(self, request):
        tasks.post_reset(self.validated(RequestResetSerializer)["email"])
        return Response(status=status.HTTP_202_ACCEPTED)


class ResetPasswordApi(AccountApi):
    authentication_classes: list = []
    permission_classes = [AllowAny]
    password_field = "new_password"
    throttle_scope = "password_reset"

    @extend_schema(
        operation_id="resetPassword",
        summary="Choose a new password by the link of an e-mail",
        description="`uid` and `token` are the last two parts of the link. Ends all "
        "sign-ins of the account.",
        tags=["Account"],
        request=ResetPasswordSerializer,
        responses={204: NOTHING},
        auth=[],
    )
    def post(self, request):
        given = self.validated(ResetPasswordSerializer)
        user = passwords.reset_password(
            given["uid"],
            given["token"],
            password=given["new_password"],
            now=timezone.now(),
        )
        account_limit.remember_place(request._request, user)
        return Response(status=status.HTTP_204_NO_CONTENT)


class SignInListApi(AccountApi, generics.ListAPIView):
    permission_classes = [IsAuthenticated]
    serializer_class = SignInSerializer
    pagination_class = None
    filter_backends: list = []

    def get_queryset(self):
        mine = SignIn.objects.filter(user=self.request.user)
        return mine.open_ones(now=timezone.now())

    @extend_schema(
        operation_id="listSignIns",
        summary="Where this account is signed in",
        tags=["Account"],
    )
    def get(self, request):
        return self.list(request)


class SignInDetailApi(AccountApi):
    permission_classes = [IsAuthenticated]

    @extend_schema(
        operation_id="revokeSignIn",
        summary="Sign out another device",
        tags=["Account"],
        responses={204: NOTHING},
    )
    def delete(self, request, pk):
        rows = SignIn.objects.filter(pk=pk, user=request.user)
        if not sessions.revoke(rows, now=timezone.now()):
            raise Http404
        return Response(status=status.HTTP_204_NO_CONTENT)
