"""Loaded by Schemathesis (SCHEMATHESIS_HOOKS): what it does not know by itself."""

from schemathesis import serializer

# The chunks of an upload, as tus names them.
serializer.alias("application/offset+octet-stream", "application/octet-stream")
