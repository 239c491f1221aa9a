"""The cookies of the tokens. Views say what should happen; the middleware does it."""

from typing import Literal

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.cache import patch_cache_control

from accounts import tokens
from accounts.sessions import Pair

ACCESS = "access"
REFRESH = "refresh"
SAME_SITES: dict[str, Literal["Lax", "Strict"]] = {"Lax": "Lax", "Strict": "Strict"}
LIFETIMES = {ACCESS: tokens.ACCESS_LIFETIME, REFRESH: tokens.REFRESH_LIFETIME}


def keep(request: HttpRequest, pair: Pair) -> None:
    """The answer to `request` shall carry these tokens."""
    _plain(request).new_tokens = pair  # type: ignore[attr-defined]


def forget(request: HttpRequest) -> None:
    """The answer to `request` shall take the tokens away: only after a sign-out."""
    _plain(request).new_tokens = None  # type: ignore[attr-defined]


def write(request: HttpRequest, response: HttpResponseBase) -> None:
    """Do what the views said; without a word of them no cookie is touched."""
    if not hasattr(request, "new_tokens"):
        return
    pair = request.new_tokens
    same_site = settings.TOKEN_COOKIE_SAMESITE
    for name, lifetime in LIFETIMES.items():
        if pair is None:
            response.delete_cookie(name, samesite=SAME_SITES[same_site])
        else:
            response.set_cookie(
                name,
                getattr(pair, name),
                max_age=lifetime,
                httponly=True,
                secure=settings.TOKEN_COOKIE_SECURE,
                samesite=SAME_SITES[same_site],
            )
    patch_cache_control(response, private=True)  # nobody else's cache may keep them


def _plain(request: HttpRequest) -> HttpRequest:
    """Django's own request, also where REST framework has wrapped it."""
    return getattr(request, "_request", request)
