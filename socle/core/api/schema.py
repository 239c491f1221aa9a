"""What the OpenAPI schema says of every operation."""

from typing import Any

from drf_spectacular.openapi import AutoSchema

PROBLEM = {
    "type": "object",
    "description": "What went wrong, as RFC 9457 has it.",
    "required": ["type", "title", "status", "detail", "code"],
    "properties": {
        "type": {"type": "string", "format": "uri-reference"},
        "title": {"type": "string", "description": "The status in words."},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "For people."},
        "code": {"type": "string", "description": "For programs; never changes."},
        "errors": {
            "type": "array",
            "description": "What is wrong with single fields.",
            "items": {
                "type": "object",
                "required": ["field", "code", "detail"],
                "properties": {
                    "field": {"type": "string"},
                    "code": {"type": "string"},
                    "detail": {"type": "string"},
                },
            },
        },
    },
}
METHODS = {"get", "post", "put", "patch", "delete", "head", "options"}


class Described(AutoSchema):
    """Descriptions are those of `extend_schema`: docstrings speak to developers."""

    def get_description(self) -> str:  # type: ignore[override]
        return ""


def add_problems(result: dict[str, Any], **_more: Any) -> dict[str, Any]:
    """drf-spectacular's hook: every operation may answer with a problem."""
    result.setdefault("components", {}).setdefault("schemas", {})["Problem"] = PROBLEM
    for operations in result["paths"].values():
        for method, operation in operations.items():
            if method in METHODS:
                operation["responses"]["default"] = {
                    "description": "Refused or failed.",
                    "content": {
                        "application/problem+json": {
                            "schema": {"$ref": "#/components/schemas/Problem"}
                        }
                    },
                }
    return result
