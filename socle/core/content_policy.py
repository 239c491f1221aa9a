"""What a page may load (Content-Security-Policy): its own files, and nothing else."""

from typing import Any
from urllib.parse import urlsplit

from csp.constants import NONCE, NONE, SELF, UNSAFE_INLINE
from csp.middleware import CSPMiddleware, PolicyParts

# Swagger UI writes a style into its page. Nobody's words are shown there but ours.
OF_OTHERS: dict[str, dict[str, list[Any]]] = {
    "/api/docs/": {"style-src": [UNSAFE_INLINE]},
}


def content_policy(*, media_hosts: list[str]) -> dict[str, Any]:
    """Django-csp's setting. `media_hosts`: whence photos come, beside the site."""
    return {
        "DIRECTIVES": {
            "default-src": [NONE],
            "script-src": [SELF],
            "style-src": [SELF, NONCE],  # the grid's shape before the script runs
            "img-src": [SELF, "data:", "blob:", *media_hosts],
            "connect-src": [SELF],
            "font-src": [SELF],
            "manifest-src": [SELF],
            "form-action": [SELF],
            "frame-ancestors": [NONE],
            "base-uri": [NONE],
        }
    }


def media_hosts(storage_url: str, *, endpoint: str) -> list[str]:
    """
    Where the browser fetches photos when a bucket keeps them; empty for the folder.

    storage_url:  gs://BUCKET/PREFIX or s3://BUCKET/PREFIX.
    endpoint:     the address of an S3 service that is not Amazon's; or empty.
    """
    if storage_url.startswith("gs:"):
        return ["https://storage.googleapis.com"]
    if storage_url.startswith("s3:") and endpoint:
        parts = urlsplit(endpoint)
        return [f"{parts.scheme}://{parts.netloc}"]
    return ["https://*.amazonaws.com"] if storage_url else []


class ContentPolicyMiddleware(CSPMiddleware):
    """Sends the policy with every answer; OF_OTHERS says where it is a wider one."""

    def get_policy_parts(self, request, response, report_only=False) -> PolicyParts:
        parts = super().get_policy_parts(request, response, report_only)
        for prefix, wider in OF_OTHERS.items():
            if request.path_info.startswith(prefix):
                parts.update = wider
        return parts
