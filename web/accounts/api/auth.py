from django.utils import timezone
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import status
from rest_framework.permissions import AllowAny, IsAuthenticated
from rest_framework.response import Response

from accounts import cookies, login, sessions
from accounts.api.base import AccountApi
from accounts.authentication import InvalidToken, enforce_csrf
from accounts.serializers import (
    AccountSerializer,
    CredentialsSerializer,
    RefreshSerializer,
    TokensSerializer,
)

NOTHING = OpenApiResponse(description="Done.")


class SignInApi(AccountApi):
    authentication_classes: list = []
    permission_classes = [AllowAny]
    throttle_scope = "sign_in"

    @extend_schema(
        operation_id="signIn",
        summary="Sign in with cookies",
        description="For the site's own pages: the answer sets the cookies `access` "
        "and `refresh`. Needs the header X-CSRFToken.",
        tags=["Account"],
        request=CredentialsSerializer,
        responses=AccountSerializer,
        auth=[],
    )
    def post(self, request):
        enforce_csrf(request._request)  # or another site could sign people in as others
        credentials = self.validated(CredentialsSerializer)
        user = login.check_credentials(request._request, **credentials)
        login.sign_in(request._request, user)
        return Response(AccountSerializer(user).data)


class SignOutApi(AccountApi):
    permission_classes = [AllowAny]

    @extend_schema(
        operation_id="signOut",
        summary="Sign out here",
        description="The tokens are useless at once. Without a sign-in nothing "
        "happens.",
        tags=["Account"],
        request=None,
        responses={204: NOTHING},
    )
    def post(self, request):
        if request.auth and request.auth == login.current(request._request):
            login.sign_out(request._request)
        elif request.auth:
            now = timezone.now()
            sessions.end_by_token(request.auth, request=request._request, now=now)
        return Response(status=status.HTTP_204_NO_CONTENT)


class SignOutEverywhereApi(AccountApi):
    permission_classes = [IsAuthenticated]

    @extend_schema(
        operation_id="signOutEverywhere",
        summary="Sign out on all devices",
        description="All tokens of this account are useless at once.",
        tags=["Account"],
        request=None,
        responses={204: NOTHING},
    )
    def post(self, request):
        login.sign_out_everywhere(request._request, request.user)
        return Response(status=status.HTTP_204_NO_CONTENT)


class TokensApi(AccountApi):
    authentication_classes: list = []
    permission_classes = [AllowAny]
    throttle_scope = "sign_in"

    @extend_schema(
        operation_id="obtainTokens",
        summary="Sign in with tokens",
        description="For programs: send the access token as `Authorization: Bearer`.",
        tags=["Account"],
        request=CredentialsSerializer,
        responses=TokensSerializer,
        auth=[],
    )
    def post(self, request):
        credentials = self.validated(CredentialsSerializer)
        user = login.check_credentials(request._request, **credentials)
        pair = sessions.begin_by_token(
            user, request=request._request, now=timezone.now()
        )
        return Response(TokensSerializer(pair).data)


class RefreshApi(AccountApi):
    authentication_classes: list = []
    permission_classes = [AllowAny]

    @extend_schema(
        operation_id="refreshTokens",
        summary="Exchange a refresh token for new tokens",
        description="Of the body: answers with the new ones. Without one, that of the "
        "cookie: sets new cookies (X-CSRFToken is needed). A refresh token is good "
        "once; one that was replaced long ago ends the sign-in.",
        tags=["Account"],
        request=RefreshSerializer,
        responses={200: TokensSerializer, 204: NOTHING},
        auth=[],
    )
    def post(self, request):
        raw = self.validated(RefreshSerializer).get("refresh")
        if raw is None:
            return self._by_cookie(request._request)
        pair = sessions.exchange(raw, now=timezone.now())
        if pair is None:
            raise InvalidToken
        return Response(TokensSerializer(pair).data)

    def _by_cookie(self, request):
        enforce_csrf(request)
        raw = request.COOKIES.get(cookies.REFRESH, "")
        pair = sessions.exchange(raw, now=timezone.now())
        if pair is None:  # and the cookies stay as they are
            raise InvalidToken
        cookies.keep(request, pair)
        return Response(status=status.HTTP_204_NO_CONTENT)
