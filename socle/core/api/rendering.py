"""JSON by orjson: several times as quick as the standard library's."""

from typing import Any

import orjson
from django.utils.functional import Promise
from rest_framework.renderers import JSONRenderer

# As JavaScript's JSON.parse takes it: the keys of a dict need not be text.
OPTIONS = orjson.OPT_NON_STR_KEYS | orjson.OPT_UTC_Z


def as_json(data: Any) -> bytes:
    return orjson.dumps(data, default=other, option=OPTIONS)


def other(value: Any) -> str:
    """What orjson does not know. Raises TypeError, as it asks for."""
    if isinstance(value, Promise):  # a lazy translation
        return str(value)
    raise TypeError(f"{type(value).__name__} has no form in JSON")


class OrjsonRenderer(JSONRenderer):
    def render(self, data, accepted_media_type=None, renderer_context=None):
        return b"" if data is None else as_json(data)
