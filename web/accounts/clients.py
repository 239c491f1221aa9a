from django.conf import settings
from django.http import HttpRequest


def client_address(request: HttpRequest) -> str:
    """
    Where a request came from, so that one guesser does not lock everybody out.

    nginx replaces X-Forwarded-For by the address that it sees; where no nginx stands
    before the site, the header is anybody's claim and is not read.
    """
    if settings.MEDIA_BY_NGINX and "HTTP_X_FORWARDED_FOR" in request.META:
        return request.META["HTTP_X_FORWARDED_FOR"]
    return request.META.get("REMOTE_ADDR", "")


def typed_address(request: HttpRequest, credentials: dict | None = None) -> str:
    """The e-mail address of an attempt, in the one form that counts for lock-outs."""
    given = credentials if credentials else request.POST
    return (given.get("username") or "").strip().lower()
