from typing import Any

from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import CsrfViewMiddleware
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework import exceptions
from rest_framework.authentication import BaseAuthentication, get_authorization_header

from accounts import cookies, sessions
from accounts.models import SignIn

SCHEME = b"bearer"
AUTHENTICATE = 'Bearer realm="api"'


class CsrfFailed(exceptions.PermissionDenied):
    default_code = "csrf_failed"
    default_detail = _(
        "The header X-CSRFToken is missing or not that of the cookie csrftoken. "
        "Reload the page and try again."
    )


class InvalidToken(exceptions.AuthenticationFailed):
    default_code = "invalid_token"
    default_detail = _("The access token is not valid or has expired.")


class CsrfCheck(CsrfViewMiddleware):
    def _reject(self, request, reason):
        return reason


def no_view(request: HttpRequest) -> HttpResponse:
    return HttpResponse()


def enforce_csrf(request: HttpRequest) -> None:
    """Raises CsrfFailed: what comes with cookies must come from our own pages."""
    check = CsrfCheck(no_view)
    check.process_request(request)
    if check.process_view(request, no_view, (), {}):
        raise CsrfFailed


class TokenAuthentication(BaseAuthentication):
    """
    `Authorization: Bearer` of other clients, which no other site can make a browser
    send; else whom the middlewares have found by cookies, with Django's CSRF check.
    """

    def authenticate(self, request):
        if by_header := bearer(request):
            return by_header.user, by_header
        user = getattr(request._request, "user", None)
        if user is None or not user.is_active:
            return None
        enforce_csrf(request._request)
        return user, getattr(request._request, "sign_in", None)

    def authenticate_header(self, request):
        return AUTHENTICATE


def bearer(request: Any) -> SignIn | None:
    """The sign-in of `Authorization: Bearer`, if there is one. Raises InvalidToken."""
    scheme, _space, token = get_authorization_header(request).partition(b" ")
    if scheme.lower() != SCHEME:
        return None
    raw = token.strip().decode("ascii", errors="replace")
    sign_in = sessions.recognise(raw, now=timezone.now())
    if sign_in is None:
        raise InvalidToken
    return sign_in


class TokenScheme(OpenApiAuthenticationExtension):
    """What the API's schema says of it."""

    target_class = "accounts.authentication.TokenAuthentication"
    name = ["cookie", "bearer"]

    def get_security_definition(self, auto_schema):
        cookie = {"type": "apiKey", "in": "cookie", "name": cookies.ACCESS}
        bearer = {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}
        return [cookie, bearer]

    def get_security_requirement(self, auto_schema):
        """Either of them; drf-spectacular's own would ask for both at once."""
        return [{name: []} for name in self.name]
