"""JSON bodies as RFC 8259 has them: in UTF-8, each name once, bounded in size."""

import json
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _
from rest_framework.exceptions import ParseError
from rest_framework.parsers import JSONParser

from socle.core.api.exceptions import BodyTooLarge


class StrictJSONParser(JSONParser):
    """
    DRF's own reads a body of any size, decodes it by any codec that the request names,
    takes the last of two equal names, and lets Python's recursion end as a 500.
    """

    def parse(self, stream, media_type=None, parser_context=None) -> Any:
        """Raises ParseError (400) or BodyTooLarge (413)."""
        try:
            return json.loads(
                read_body(stream).decode("utf-8"),
                object_pairs_hook=unique_names,
                parse_constant=refuse_constant,
            )
        except RecursionError as error:
            raise ParseError(_("The JSON is nested too deeply.")) from error
        except UnicodeDecodeError as error:
            raise ParseError(_("JSON is sent as UTF-8, and this is not.")) from error
        except ValueError as error:
            message = _("This is not valid JSON: %(reason)s") % {"reason": error}
            raise ParseError(message) from error


def read_body(stream) -> bytes:
    most = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    body = stream.read(most + 1)
    if len(body) > most:
        raise BodyTooLarge
    return body


def unique_names(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Which of two equal names counts differs from program to program: neither does."""
    values = dict(pairs)
    if len(values) == len(pairs):
        return values
    names = [name for name, _value in pairs]
    doubled = next(name for name in names if names.count(name) > 1)
    raise ValueError(f"the name {doubled[:100]!r} stands in it twice")


def refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no number of JSON")
