"""
Pages by the last row seen: the last page costs what the first does.

A cursor holds the ordering values of a row. The next page is what Postgres finds behind
them in the index, with a comparison of whole rows, (position, id) > (…, …): nothing is
counted and nothing skipped, so rows that come and go meanwhile shift no page.
"""

import base64
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError as BadValue
from django.db.models import Field
from django.utils.timezone import is_naive
from django.utils.translation import gettext as _
from rest_framework.exceptions import ValidationError
from rest_framework.pagination import BasePagination
from rest_framework.response import Response
from rest_framework.utils.urls import remove_query_param, replace_query_param

from gallery.models.keyset import rows_after

LONGEST_CURSOR = 500
UNREADABLE = (BadValue, ValueError, TypeError, OverflowError, RecursionError)


@dataclass(frozen=True)
class Cursor:
    """Where a page begins: behind the row with these values, or, backwards, before."""

    values: list[Any]
    backwards: bool = False

    def encoded(self) -> str:
        return pack([int(self.backwards), *map(plain, self.values)])


def plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    return value if isinstance(value, int) else str(value)


def pack(values: list[Any]) -> str:
    """Opaque text for an address."""
    text = json.dumps(values, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(text).decode().rstrip("=")


def unpack(text: str) -> list[Any]:
    """Raises one of UNREADABLE for what `pack` has not written."""
    if len(text) > LONGEST_CURSOR:
        raise ValueError("too long")
    packed = text.encode("ascii")
    values = json.loads(base64.urlsafe_b64decode(packed + b"=" * (-len(packed) % 4)))
    if not isinstance(values, list):
        raise TypeError("no list")
    return values


def checked(field: Field, value: Any) -> Any:
    """`value` as `field` holds it. Raises one of UNREADABLE."""
    value = field.clean(value, None)
    if isinstance(value, datetime) and is_naive(value):
        raise ValueError("a time without its zone")
    return value


def read_cursor(text: str, fields: list[Field]) -> Cursor:
    """Raises ValidationError."""
    try:
        backwards, *values = unpack(text)
        if backwards not in (0, 1):
            raise ValueError("no direction")
        pairs = zip(fields, values, strict=True)
        return Cursor([checked(field, value) for field, value in pairs], backwards == 1)
    except UNREADABLE as error:
        raise ValidationError(
            {"cursor": [_("It is not a cursor of this list. Begin without one.")]}
        ) from error


class CursorPages(BasePagination):
    """`ordering` are fields that together name one row, all in the same direction."""

    ordering: tuple[str, ...]
    default_limit = 100
    most = 500

    def paginate_queryset(self, queryset, request, view=None):
        self.address = request.build_absolute_uri()
        self.limit = self.read_limit(request.GET.get("limit"))
        self.fields = [
            queryset.model._meta.get_field(name.lstrip("-")) for name in self.ordering
        ]
        text = request.GET.get("cursor")
        self.cursor = read_cursor(text, self.fields) if text else None
        rows = self.rows_of(queryset)
        self.has_more = len(rows) > self.limit
        self.page = rows[: self.limit]
        if self.is_backwards:
            self.page.reverse()
        return self.page

    def read_limit(self, text):
        if text is None:
            return self.default_limit
        if text.isascii() and text.isdigit() and 1 <= int(text[:9]) <= self.most:
            return int(text[:9])
        problem = _("It must be a whole number from 1 to %(most)s.")
        raise ValidationError({"limit": [problem % {"most": self.most}]})

    @property
    def is_backwards(self):
        return self.cursor is not None and self.cursor.backwards

    def rows_of(self, queryset):
        """One more than the page has, to know whether there is another page."""
        descending = self.ordering[0].startswith("-") != self.is_backwards
        sign = "-" if descending else ""
        queryset = queryset.order_by(*(sign + field.name for field in self.fields))
        if self.cursor is not None:
            operator = "<" if descending else ">"
            queryset = rows_after(
                queryset, self.fields, self.cursor.values, operator=operator
            )
        return list(queryset[: self.limit + 1])

    @property
    def next_address(self):
        if self.is_backwards or self.has_more:
            return self.address_of(-1, backwards=False)
        return None

    @property
    def previous_address(self):
        if self.has_more if self.is_backwards else self.cursor is not None:
            return self.address_of(0, backwards=True)
        return None

    def address_of(self, place, *, backwards):
        """Of the page beside the row at `place`; of the first where no row is left."""
        if not self.page:
            return remove_query_param(self.address, "cursor")
        row = self.page[place]
        values = [getattr(row, field.attname) for field in self.fields]
        cursor = Cursor(values, backwards).encoded()
        return replace_query_param(self.address, "cursor", cursor)

    def envelope(self, results):
        return {
            "results": results,
            "next": self.next_address,
            "previous": self.previous_address,
        }

    def get_paginated_response(self, data):
        return Response(self.envelope(data))

    def get_paginated_response_schema(self, schema):
        address = {"type": "string", "format": "uri", "nullable": True}
        return {
            "type": "object",
            "required": ["results", "next", "previous"],
            "properties": {
                "results": schema,
                "next": address,
                "previous": address,
            },
        }

    def get_schema_operation_parameters(self, view):
        limit = {"type": "integer", "minimum": 1, "maximum": self.most}
        return [
            {
                "name": "limit",
                "in": "query",
                "description": "How many at most.",
                "schema": {**limit, "default": self.default_limit},
            },
            {
                "name": "cursor",
                "in": "query",
                "description": "From `next` or `previous` of another page.",
                "schema": {"type": "string"},
            },
        ]


class PhotosInOrder(CursorPages):
    ordering = ("position", "id")


class NewestGalleries(CursorPages):
    ordering = ("-created_at", "-id")
    default_limit = 60
    most = 200
