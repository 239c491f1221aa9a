"""
One id a request, in every line that it causes: of nginx, of the site, of its tasks.

django-structlog has a middleware for this as well. It writes three lines a request with
their query strings, asks the database who it is, and wraps streamed files in Python;
nginx has written the line already. So of it only the part for Celery is used.
"""

import re
import uuid
from collections.abc import Callable

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from structlog.contextvars import (
    bind_contextvars,
    clear_contextvars,
    get_contextvars,
)

HEADER = "HTTP_X_REQUEST_ID"
FORM = re.compile(r"[A-Za-z0-9-]{8,64}")


def new_id() -> str:
    return uuid.uuid4().hex


def own_or_new(given: str) -> str:
    """`given` where it has the form of an id, else a new one: it goes into logs."""
    return given if FORM.fullmatch(given) else new_id()


def current() -> str:
    """The id of what this thread works on; "" outside of requests and their tasks."""
    return get_contextvars().get("request_id", "")


class RequestIdMiddleware:
    """
    Binds the id that nginx gave to this thread, or a new one.

    It is forgotten when the next request begins, not at the end of this one: what is
    streamed, and gunicorn's own words about it, come after.
    """

    sync_capable = True
    async_capable = False

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]):
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        clear_contextvars()
        request_id = own_or_new(request.META.get(HEADER, ""))
        request.META[HEADER] = request_id
        bind_contextvars(request_id=request_id)
        return self._get_response(request)
