"""Sentry, for those who have set SENTRY_DSN: errors and slow pages, but no people."""

from collections.abc import Mapping
from typing import Any

import sentry_sdk
from celery.exceptions import Ignore, Reject, Retry
from django.core.exceptions import DisallowedHost, RequestDataTooBig
from django.http import UnreadablePostError
from sentry_sdk.integrations.celery import CeleryIntegration
from sentry_sdk.integrations.django import DjangoIntegration
from sentry_sdk.integrations.logging import ignore_logger
from sentry_sdk.integrations.redis import RedisIntegration

from socle.core import request_ids
from socle.core.redaction import without_people

# What visitors and their networks do needs nobody.
NOBODYS: list[type[BaseException]] = [
    BrokenPipeError,
    ConnectionResetError,
    DisallowedHost,
    Ignore,
    Reject,
    RequestDataTooBig,
    Retry,
    UnreadablePostError,
]
# Too many to be told apart, and of no news.
NOT_MEASURED = ("/health/", "/static/", "/media/")
NOT_MEASURED_TASKS = ("socle.core.canary.",)
# Of a request its method and path are enough to find the fault.
DROPPED = {
    "authorization",
    "cookies",
    "data",
    "env",
    "headers",
    "http.fragment",
    "http.query",
    "query_string",
    "user",
}
UNTOUCHED = {"modules", "sdk", "event_id", "release", "environment", "contexts"}


def start(
    dsn: str, *, environment: str, release: str, traces_sample_rate: float
) -> None:
    sentry_sdk.init(
        dsn=dsn,
        environment=environment,
        release=release,
        send_default_pii=False,
        max_request_body_size="never",  # sign-in forms are among them
        include_local_variables=False,  # keys and passwords are among them
        ignore_errors=NOBODYS,
        traces_sampler=sampler(traces_sample_rate),
        before_send=scrub,
        before_send_transaction=scrub,
        auto_enabling_integrations=False,
        integrations=[
            DjangoIntegration(middleware_spans=False, signals_spans=False),
            CeleryIntegration(),
            RedisIntegration(),
        ],
    )
    # Tells of failed tasks what the integration of Celery has told.
    ignore_logger("django_structlog.*")
    ignore_logger("django.security.DisallowedHost")


def sampler(rate: float) -> Any:
    """Of requests the share `rate`; of tasks those whose request was taken."""

    def share(context: Mapping[str, Any]) -> float:
        path = context.get("wsgi_environ", {}).get("PATH_INFO")
        if path is not None:  # what a visitor's own headers ask for is not heard
            return 0.0 if path.startswith(NOT_MEASURED) else rate
        name = context.get("transaction_context", {}).get("name") or ""
        if name.startswith(NOT_MEASURED_TASKS):
            return 0.0
        parent = context.get("parent_sampled")
        return rate if parent is None else float(parent)

    return share


def scrub(event: Any, _hint: Mapping[str, Any]) -> Any:
    """`event` with the request's id, and without people and secrets."""
    scrubbed = {
        key: value if key in UNTOUCHED else _clean(value)
        for key, value in event.items()
        if key != "user"
    }
    for context in scrubbed.get("contexts", {}).values():
        if isinstance(context, dict) and "data" in context:
            context["data"] = _clean(context["data"])
    if request_id := request_ids.current():
        scrubbed["tags"] = {**(scrubbed.get("tags") or {}), "request_id": request_id}
    return scrubbed


def _clean(value: Any) -> Any:
    if isinstance(value, str):
        return without_people(value)
    if isinstance(value, Mapping):
        return {
            key: _clean(inner)
            for key, inner in value.items()
            if str(key).lower() not in DROPPED
        }
    if isinstance(value, list | tuple):
        return [_clean(inner) for inner in value]
    return value
