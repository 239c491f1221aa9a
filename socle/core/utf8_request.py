"""
Requests are read as UTF-8, whatever they say of themselves.

Django decodes forms and query strings by the `charset` of the Content-Type, before any
middleware. Python knows codecs by such names that are no character sets (rot13, zlib,
undefined), and fails on them: a 500 for anybody, at every address.
"""

from django.core.handlers.wsgi import WSGIRequest
from django.utils.http import parse_header_parameters


class Utf8Request(WSGIRequest):
    """Names its `charset` in `content_params`, and never decodes by it."""

    def _set_content_type_params(self, meta):
        try:
            kind, params = parse_header_parameters(meta.get("CONTENT_TYPE", ""))
        except (LookupError, ValueError):  # a header that nobody can read
            kind, params = "", {}
        self.content_type, self.content_params = kind, params
