from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from accounts.models import clean_address
from socle.core.client_networks import network_of


def client_address(request: HttpRequest) -> str:
    """
    Where a request came from, so that one guesser does not lock everybody out.

    nginx replaces X-Forwarded-For by the address that it sees; where no nginx stands
    before the site, the header is anybody's claim and is not read.
    """
    if settings.MEDIA_BY_NGINX and "HTTP_X_FORWARDED_FOR" in request.META:
        return request.META["HTTP_X_FORWARDED_FOR"]
    return request.META.get("REMOTE_ADDR", "")


def client_network(request: HttpRequest) -> str:
    """Whom a limit counts: in IPv6 a customer has a whole network of addresses."""
    return network_of(client_address(request))


def typed_address(request: HttpRequest, credentials: dict | None = None) -> str:
    """The e-mail address of an attempt, in the one form that counts for lock-outs."""
    given = credentials if credentials else request.POST
    return clean_address(given.get("username") or "")


def locked_out(
    request: HttpRequest, response: HttpResponse | None, credentials: dict | None
) -> HttpResponse:
    """
    What axes answers in the place of `response` once the door is closed.

    The API has said it already, in its own form.
    """
    if response is not None and response.status_code == 429:
        return response
    return render(request, "accounts/locked_out.html", status=429)
