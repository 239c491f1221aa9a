"""Refuses bodies in another character set than UTF-8."""

import codecs
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _

from socle.core.api import problems

UTF_8 = {"utf-8", "ascii"}


class CharsetMiddleware:
    """Answers 415 to a body that is not said to be UTF-8."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]):
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        charset = (request.content_params or {}).get("charset")
        if charset and has_body(request) and not is_utf_8(charset):
            return refuse(request, charset)
        return self._get_response(request)


def is_utf_8(charset: str) -> bool:
    try:
        return codecs.lookup(charset).name in UTF_8
    except (LookupError, ValueError):  # ValueError: a NUL in it
        return False


def has_body(request: HttpRequest) -> bool:
    return (
        request.META.get("CONTENT_LENGTH") not in (None, "", "0")
        or "HTTP_TRANSFER_ENCODING" in request.META
    )


def refuse(request: HttpRequest, charset: str) -> HttpResponse:
    detail = _("Send it as UTF-8: the character set %(charset)s is not taken.") % {
        "charset": ascii(charset[:40])
    }
    if problems.is_api(request):
        return problems.problem_response(415, code="charset", detail=detail)
    return HttpResponse(detail, status=415, content_type="text/plain; charset=utf-8")
