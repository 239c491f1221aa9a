"""
Reloads a page that a link from another site led to: Strict cookies arrive then.

The browser leaves them out of the one request that follows a link in a webmail or a
chat, so that whoever is signed in looks like a visitor, and is refused. A page that
loads itself again counts as coming from here.
"""

from hashlib import sha256

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.deprecation import MiddlewareMixin
from django.utils.http import escape_leading_slashes

REFUSALS = {401, 403, 404}
# Sent along from anywhere (Lax): the address that was reloaded already.
RELOADED = "reloaded"
RELOADED_SECONDS = 10


class CrossSiteMiddleware(MiddlewareMixin):
    """
    Answers a refused navigation from another site with one reload.

    It says nothing about what is there: each address answers alike, one that does not
    exist as well, and is answered in earnest when it is asked for the second time.
    """

    def process_response(
        self, request: HttpRequest, response: HttpResponseBase
    ) -> HttpResponseBase:
        if response.status_code in REFUSALS and may_lack_cookies(request):
            response = reload_page(request)
        elif RELOADED in request.COOKIES and RELOADED not in response.cookies:
            response.delete_cookie(RELOADED, samesite="Lax")
        return response


def may_lack_cookies(request: HttpRequest) -> bool:
    """Whether the same request may come with cookies once it comes from here."""
    return (
        settings.TOKEN_COOKIE_SAMESITE == "Strict"
        and request.method == "GET"
        and request.headers.get("Sec-Fetch-Site") == "cross-site"
        and request.headers.get("Sec-Fetch-Mode") == "navigate"
        and not request.user.is_authenticated
        and request.COOKIES.get(RELOADED) != _mark(request)
    )


def reload_page(request: HttpRequest) -> HttpResponse:
    """Loads this very address again, once: a browser that still says so is believed."""
    address = escape_leading_slashes(request.get_full_path())  # else another host's
    response = render(request, "accounts/again.html", {"address": address})
    response["Refresh"] = "0"
    response["Cache-Control"] = "no-store"
    response.set_cookie(
        RELOADED,
        _mark(request),
        max_age=RELOADED_SECONDS,
        httponly=True,
        secure=settings.TOKEN_COOKIE_SECURE,
        samesite="Lax",
    )
    return response


def _mark(request: HttpRequest) -> str:
    return sha256(request.get_full_path().encode()).hexdigest()[:16]
