from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.middleware.locale import LocaleMiddleware
from django.utils import timezone, translation
from django.utils.cache import patch_cache_control, patch_vary_headers

from accounts import cookies, login_bridge, sessions
from accounts.models import SignIn, User

# nginx asks it in the name of other requests and drops its cookies.
NEVER_EXCHANGES = {"/auth/staff"}


class TokenMiddleware(AuthenticationMiddleware):
    """
    `request.user` and `request.sign_in` from the cookies, with one query.

    When the access token has expired and the refresh token is good, both are exchanged
    on this very request: neither pages nor scripts need to know of it. Whom Django's
    `login()` has written into the session gets tokens as well: see `login_bridge`.
    """

    def process_request(self, request: HttpRequest) -> None:
        sign_in = self._sign_in(request)
        user = sign_in.user if sign_in else AnonymousUser()
        request.sign_in = sign_in  # type: ignore[attr-defined]
        if login_bridge.may_hide_login(request, sign_in):
            user = self._user_of_session(request, sign_in) or user
        elif sign_in and getattr(request, "new_tokens", None):
            login_bridge.renew_session(request, sign_in)

        async def auser():
            return user

        request.user = user
        request.auser = auser

    def process_response(
        self, request: HttpRequest, response: HttpResponseBase
    ) -> HttpResponseBase:
        self._take_login(request, response)
        cookies.write(request, response)
        if not response.has_header("Cache-Control"):
            if getattr(request, "sign_in", None):
                patch_cache_control(response, private=True, no_store=is_page(response))
            patch_vary_headers(response, ["Cookie"])
        return response

    def _sign_in(self, request: HttpRequest) -> SignIn | None:
        now = timezone.now()
        access = request.COOKIES.get(cookies.ACCESS, "")
        refresh = request.COOKIES.get(cookies.REFRESH, "")
        if access and (sign_in := sessions.recognise(access, now=now)):
            return sign_in
        if not refresh:
            return None
        if request.path_info in NEVER_EXCHANGES:
            return sessions.recognise_refresh(refresh, now=now)
        pair = sessions.exchange(refresh, now=now)
        if pair is None:
            return None
        cookies.keep(request, pair)
        return pair.sign_in

    def _user_of_session(
        self, request: HttpRequest, sign_in: SignIn | None
    ) -> User | None:
        """Whom `login()` has signed in, perhaps in the place of `sign_in`."""
        user = login_bridge.pending_login(request)
        if user and request.path_info not in NEVER_EXCHANGES:
            login_bridge.issue_tokens(request, user)
        elif sign_in and not user:
            login_bridge.remember_session(request, sign_in)
        return user

    def _take_login(self, request: HttpRequest, response: HttpResponseBase) -> None:
        """Of a view that called `login()`. What failed is not kept, nor its session."""
        session = getattr(request, "session", None)
        if session is None or not session.accessed or response.status_code >= 500:
            return
        if request.path_info in NEVER_EXCHANGES:
            return
        if user := login_bridge.pending_login(request):
            login_bridge.issue_tokens(request, user)


def is_page(response: HttpResponseBase) -> bool:
    """The back button shows none after signing out; answers with an ETag are kept."""
    return response.headers.get("Content-Type", "").startswith("text/html")


class LanguageMiddleware(LocaleMiddleware):
    """The language that somebody chose for their account; else as Django has it."""

    def process_request(self, request: HttpRequest) -> None:
        super().process_request(request)
        language = getattr(request.user, "language", "")
        if language:
            translation.activate(language)
            request.LANGUAGE_CODE = translation.get_language()
