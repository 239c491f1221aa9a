from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.middleware.locale import LocaleMiddleware
from django.utils import timezone, translation
from django.utils.cache import patch_cache_control, patch_vary_headers

from accounts import cookies, sign_ins
from accounts.models import SignIn

# nginx asks it in the name of other requests and drops its cookies.
NEVER_EXCHANGES = {"/auth/staff"}


class TokenMiddleware(AuthenticationMiddleware):
    """
    `request.user` and `request.sign_in` from the cookies, with one query.

    When the access token has expired and the refresh token is good, both are exchanged
    on this very request: neither pages nor scripts need to know of it.
    """

    def process_request(self, request: HttpRequest) -> None:
        sign_in = self._sign_in(request)
        user = sign_in.user if sign_in else AnonymousUser()

        async def auser():
            return user

        request.sign_in = sign_in  # type: ignore[attr-defined]
        request.user = user
        request.auser = auser

    def process_response(
        self, request: HttpRequest, response: HttpResponseBase
    ) -> HttpResponseBase:
        cookies.write(request, response)
        if not response.has_header("Cache-Control"):
            if getattr(request, "sign_in", None):
                patch_cache_control(response, private=True)
            patch_vary_headers(response, ["Cookie"])
        return response

    def _sign_in(self, request: HttpRequest) -> SignIn | None:
        now = timezone.now()
        access = request.COOKIES.get(cookies.ACCESS, "")
        refresh = request.COOKIES.get(cookies.REFRESH, "")
        if access and (sign_in := sign_ins.recognise(access, now=now)):
            return sign_in
        if not refresh:
            return None
        if request.path_info in NEVER_EXCHANGES:
            return sign_ins.recognise_refresh(refresh, now=now)
        pair = sign_ins.exchange(refresh, now=now)
        if pair is None:
            return None
        cookies.keep(request, pair)
        return pair.sign_in


class LanguageMiddleware(LocaleMiddleware):
    """The language that somebody chose for their account; else as Django has it."""

    def process_request(self, request: HttpRequest) -> None:
        super().process_request(request)
        language = getattr(request.user, "language", "")
        if language:
            translation.activate(language)
            request.LANGUAGE_CODE = translation.get_language()
