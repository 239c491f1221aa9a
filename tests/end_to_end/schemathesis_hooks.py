"""Loaded by Schemathesis (SCHEMATHESIS_HOOKS): what it does not know by itself."""

import schemathesis
from schemathesis import serializer

TOKEN = "a" * 32

# The chunks of an upload, as tus names them.
serializer.alias("application/offset+octet-stream", "application/octet-stream")


@schemathesis.hook
def before_call(context, case, kwargs):
    """As a page does: who signs in by cookies is asked for it, others are not."""
    case.cookies = {**(case.cookies or {}), "csrftoken": TOKEN}
    case.headers = {**(case.headers or {}), "X-CSRFToken": TOKEN}


@schemathesis.check
def the_csrf_token_is_taken(ctx, response, case):
    assert b"csrf_failed" not in response.content
