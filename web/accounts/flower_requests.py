"""What a request to Flower would do: nginx asks before it lets one through."""

import re
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest

# Flower's paths, as it writes them itself. What is not named here acts: its actions,
# whatever a newer Flower brings, and any other spelling of these paths.
_NAME = "[^/]+"
READ_BY_GET = (
    "",
    "workers",
    f"worker/{_NAME}",
    "tasks",
    f"task/{_NAME}",
    "tasks/datatable",
    "broker",
    "api/workers",
    "api/tasks",
    "api/task/types",
    f"api/task/info/{_NAME}",
    f"api/task/result/{_NAME}",
    "api/queues/length",
    "metrics",
    "healthcheck",
    "static/.+",
)
# The rows of the page "Tasks": what they are sorted and searched by is a form.
READ_BY_POST = ("tasks/datatable",)
_BY_GET, _BY_POST = (
    re.compile(f"/flower/(?:{'|'.join(paths)})")
    for paths in (READ_BY_GET, READ_BY_POST)
)
READS = {"GET": _BY_GET, "HEAD": _BY_GET, "POST": _BY_POST}


def is_reading(method: str, path: str) -> bool:
    """path: as the browser wrote it, for that is what Flower gets."""
    paths = READS.get(method)
    return bool(paths and paths.fullmatch(path))


def comes_from_own_page(request: HttpRequest) -> bool:
    """
    Whether a page of this site has sent it, by what a browser says of that and no
    script can change. What says nothing is not believed.
    """
    if request.headers.get("Sec-Fetch-Site", "same-origin") != "same-origin":
        return False
    sender = _origin(
        request.headers.get("Origin") or request.headers.get("Referer", "")
    )
    own = [request.build_absolute_uri("/"), *settings.CSRF_TRUSTED_ORIGINS]
    return sender is not None and sender in map(_origin, own)


def _origin(url: str) -> str | None:
    """`scheme://host:port`; None for what names no host, as "null" does."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    return f"{parts.scheme}://{parts.netloc}".lower() if parts.netloc else None
