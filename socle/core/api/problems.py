"""
One form for every error of the API: problem details, RFC 9457.

    {"type": "about:blank", "title": "Not Found", "status": 404,
     "detail": "There is no such photo.", "code": "not_found"}

`code` is stable, for programs; `detail` is for people, in their language. What is wrong
with single fields is in `errors`, each with `field`, `code` and `detail`.
"""

from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

from django.core.exceptions import PermissionDenied as DjangoPermissionDenied
from django.core.exceptions import RequestDataTooBig
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponsePermanentRedirect,
    HttpResponseServerError,
)
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.views import defaults
from django.views.csrf import csrf_failure as csrf_page
from django.views.decorators.csrf import csrf_exempt
from rest_framework import exceptions
from rest_framework.views import exception_handler

from socle.core.api.exceptions import BodyTooLarge
from socle.core.api.rendering import as_json
from socle.core.context import site

CONTENT_TYPE = "application/problem+json"
API = "/api/"
WHOLE = "non_field_errors"


def handle(error: Exception, context: dict[str, Any]) -> HttpResponse | None:
    """
    DRF's EXCEPTION_HANDLER: None leaves what is no answer to the 500 page.

    It is JSON whatever the view renders otherwise (YAML, HTML).
    """
    if isinstance(error, RequestDataTooBig):
        error = BodyTooLarge()
    answer = exception_handler(error, context)
    if answer is None:
        return None
    status = answer.status_code
    response = as_response(problem_of(as_api_exception(error), status=status))
    for name, value in answer.items():  # such as Retry-After
        response.headers.setdefault(name, value)
    return response


def as_api_exception(error: Exception) -> exceptions.APIException:
    if isinstance(error, exceptions.APIException):
        return error
    if isinstance(error, Http404):
        return exceptions.NotFound(_("There is nothing at this address."))
    assert isinstance(error, DjangoPermissionDenied), error
    return exceptions.PermissionDenied(str(error) or None)


def problem_of(error: exceptions.APIException, *, status: int) -> dict[str, Any]:
    if not isinstance(error, exceptions.ValidationError):
        detail = error.detail if isinstance(error.detail, str) else str(error)
        code = getattr(detail, "code", None) or error.default_code
        return problem(status, code=code, detail=detail)
    errors = list(field_errors(error.detail))
    if len(errors) == 1 and errors[0]["field"] == WHOLE:
        return problem(status, code=errors[0]["code"], detail=errors[0]["detail"])
    return problem(
        status,
        code="invalid",
        detail=_("Some of it cannot be taken: see the errors of each field."),
        errors=errors,
    )


def problem(status: int, *, code: str, detail: str, **more: Any) -> dict[str, Any]:
    return {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": str(detail),
        "code": code,
        **more,
    }


def field_errors(detail: Any, field: str = "") -> Iterator[dict[str, str]]:
    """Each error of a nested ValidationError, its field as `parent.child`."""
    if isinstance(detail, dict):
        for name, inner in detail.items():
            yield from field_errors(inner, f"{field}.{name}" if field else str(name))
    elif isinstance(detail, list):
        for inner in detail:
            yield from field_errors(inner, field)
    else:
        code = getattr(detail, "code", None) or "invalid"
        yield {"field": field or WHOLE, "code": code, "detail": str(detail)}


# --- What never reaches a view of the API -----------------------------------------


def problem_response(status: int, *, code: str, detail: str) -> HttpResponse:
    return as_response(problem(status, code=code, detail=detail))


def as_response(data: dict[str, Any]) -> HttpResponse:
    return HttpResponse(as_json(data), status=data["status"], content_type=CONTENT_TYPE)


def is_api(request: HttpRequest) -> bool:
    return request.path_info.startswith(API)


@csrf_exempt
def nothing_here(request):
    """
    The last of the API's addresses: whatever is no other. Who only forgot the slash at
    the end is led on, as everywhere.
    """
    if request.method == "GET" and not request.path_info.endswith("/"):
        address = request.get_full_path(force_append_slash=True)
        return HttpResponsePermanentRedirect(address)
    return not_found()


def not_found() -> HttpResponse:
    detail = _("There is nothing at this address.")
    return problem_response(404, code="not_found", detail=detail)


def page_not_found(request, exception):
    if is_api(request):
        return not_found()
    return defaults.page_not_found(request, exception)


def permission_denied(request, exception):
    if is_api(request):
        detail = _("You do not have permission to perform this action.")
        return problem_response(403, code="permission_denied", detail=detail)
    return defaults.permission_denied(request, exception)


def bad_request(request, exception):
    if is_api(request):
        if isinstance(exception, RequestDataTooBig):
            return as_response(problem_of(BodyTooLarge(), status=413))
        detail = _("The request cannot be understood.")
        return problem_response(400, code="bad_request", detail=detail)
    return defaults.bad_request(request, exception)


def server_error(request):
    if is_api(request):
        detail = _(
            "The site failed on this request. The error is logged; "
            "if it happens again, tell an administrator."
        )
        return problem_response(500, code="server_error", detail=detail)
    return HttpResponseServerError(render_to_string("500.html", site()))


def csrf_failure(request, reason=""):
    if is_api(request):
        return problem_response(403, code="csrf_failed", detail=reason)
    return csrf_page(request, reason=reason)
