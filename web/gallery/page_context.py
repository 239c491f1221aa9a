"""What the pages show: the API's own answers, and the styles that go with them."""

import re
from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

from django.core.exceptions import PermissionDenied
from django.db.models import Max, Min, QuerySet
from django.http import Http404, HttpRequest
from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from rest_framework.views import APIView

# Written into a style sheet: nothing may be in it that could end the rule.
PLACEHOLDER = re.compile(r"data:image/(webp|png|jpeg);base64,[A-Za-z0-9+/=]+")
RATIO_LEAST, RATIO_MOST, RATIO_UNKNOWN = 0.66, 2.0, 4 / 3


def api_answer(view: type[APIView], request: HttpRequest, **kwargs: Any) -> Any:
    """
    What the API's GET answers this visitor: the same rules, the same numbers.

    Raises Http404 and PermissionDenied where the API answers 404 (or cannot make
    sense of the query) and 401 or 403.
    """
    response = view.as_view()(request, **kwargs)
    if response.status_code in {401, 403}:
        raise PermissionDenied(response.data["detail"])
    if response.status_code >= 400:
        raise Http404(_("There is nothing at this address."))
    return response.data


def page_address(url: str | None) -> str:
    """`next` or `previous` of an answer, as a link of the page that asked; or ""."""
    return f"?{urlsplit(url).query}" if url else ""


def photos_for_script(page: dict[str, Any], *, slug: str) -> dict[str, Any]:
    """The first page of photos, as the API itself answers: its links lead there."""
    address = reverse("gallery:api_photos", args=[slug])
    links = {
        name: f"{address}{page_address(page[name])}" if page[name] else None
        for name in ("next", "previous")
    }
    return {**page, **links}


def years_of(rows: QuerySet, *fields: str) -> list[str]:
    """From the newest to the oldest that these dates have in the rows, without gaps."""
    ends = [end(field) for field in fields for end in (Min, Max)]
    found = [moment.year for moment in rows.aggregate(*ends).values() if moment]
    return (
        [str(year) for year in range(max(found), min(found) - 1, -1)] if found else []
    )


def tile_ratio(photo: dict[str, Any]) -> float:
    """Width by height, within what a row can show: as in photos/rows.ts."""
    width, height = photo["width"], photo["height"]
    if photo["state"] == "failed" or not width or not height:
        return RATIO_UNKNOWN
    return min(max(width / height, RATIO_LEAST), RATIO_MOST)


def tile_styles(photos: Iterable[dict[str, Any]]) -> SafeString:
    """A rule for each photo of the grid: its shape, and what to see until it came."""
    rules = (
        f"#p-{photo['id']}{{--ratio:{tile_ratio(photo):.4f};{background(photo)}}}"
        for photo in photos
    )
    return mark_safe("\n".join(rules))  # noqa: S308 - ids, numbers, and PLACEHOLDER


def cover_styles(galleries: Iterable[dict[str, Any]]) -> SafeString:
    """The placeholder of each gallery's cover, below the picture until it came."""
    rules = (
        f"#c-{gallery['slug']}{{{background(gallery['cover'])}}}"
        for gallery in galleries
        if gallery["cover"]
    )
    return mark_safe("\n".join(rules))  # noqa: S308 - slugs, and PLACEHOLDER


def background(picture: dict[str, Any]) -> str:
    placeholder = picture["placeholder"]
    if not PLACEHOLDER.fullmatch(placeholder or ""):
        return ""
    return f"background-image:url({placeholder})"
