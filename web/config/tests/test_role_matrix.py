"""
Every address of the site, by every method, as every role: role_matrix.txt says what
each gets. What is refused is 401 or 403, or 404 where not even its being is told; a
400 was let in and had nothing to say.

After a change on purpose: SITE_ROLE_MATRIX=write python -m pytest …, and read the diff.
"""

import os
from pathlib import Path

import pytest
from celery import current_app
from django.core.cache import cache
from django.db import transaction
from django.test import Client
from django.urls import URLPattern, get_resolver, reverse

from config.tests.role_samples import ROLES, samples, visitors

TABLE = Path(__file__).with_name("role_matrix.txt")
METHODS_OF_PAGES = ("GET", "POST")
METHODS_OF_THE_API = ("GET", "POST", "PUT", "PATCH", "DELETE")
# Beside the API: files that it names, at which a token is good as well.
FILES = ("gallery:photo_file", "gallery:signed_file")
FILES += ("gallery:download", "gallery:download_file")
# Addresses without a name, and a sample of what nobody has.
UNNAMED = {
    "health/live": "/health/live",
    "^api/": "/api/nothing/",
    "admin:(?P<url>.*)$": "/admin/nothing/",
}
# A redirect of an older address of the admin's; and what tells all how the machine
# is, which the table cannot know.
LEFT_OUT = {"admin:<path:object_id>/", "health/ready"}

pytestmark = [pytest.mark.django_db, pytest.mark.slow]


def routes(resolver=None, space=""):
    for pattern in (resolver or get_resolver()).url_patterns:
        if isinstance(pattern, URLPattern):
            yield f"{space}{pattern.name or pattern.pattern}", pattern
        else:
            inner = f"{pattern.namespace}:" if pattern.namespace else ""
            yield from routes(pattern, space + inner)


def addresses():
    """Each route's address, with a sample in each gap."""
    known = samples()
    for route, pattern in routes():
        if route in LEFT_OUT:
            continue
        if str(known.get(route, "")).startswith("/"):
            yield route, known[route]
            continue
        gaps = pattern.pattern.regex.groupindex
        values = {gap: known.get(gap) for gap in gaps}
        model = "_".join(route.split("_")[:2])
        if "pk" in gaps:
            values["pk"] = known[route]
        if "object_id" in gaps:
            values["object_id"] = known.get(model, 1)
        yield route, UNNAMED.get(route) or reverse(route, kwargs=values)


def answer(browser, method, address, headers) -> int:
    """Its status; whatever it did is undone."""
    cache.clear()
    with transaction.atomic():
        response = browser.generic(method, address, headers=headers)
        b"".join(response) if response.streaming else response.content
        transaction.set_rollback(True)
    assert response.status_code < 500, (method, address)
    return response.status_code


def rows():
    """Method, route, "by token" where clients of the API come, and what each gets."""
    people = visitors()
    for route, address in addresses():
        is_api = address.startswith("/api/")
        for method in METHODS_OF_THE_API if is_api else METHODS_OF_PAGES:
            got = by_cookie(people, method, address)
            if set(got.values()) == {405}:
                continue
            yield line(f"{method} {route}", got)
            if is_api or route in FILES:
                got = by_token(people, method, address)
                yield line(f"{method} {route} by token", got)


def by_cookie(people, method, address):
    got = {}
    for role, visitor in people.items():
        kept = visitor.browser.cookies.copy()
        got[role] = answer(visitor.browser, method, address, {})
        visitor.browser.cookies = kept
    return got


def by_token(people, method, address):
    return {
        role: answer(Client(), method, address, visitor.bearer)
        for role, visitor in people.items()
    }


def line(name, got):
    return f"{name:<60}" + " ".join(str(got[role]) for role in ROLES)


@pytest.fixture
def nothing_is_sent_on():
    yield
    with current_app.connection_for_write() as broker:
        broker.default_channel.client.flushdb()


def test_each_role_gets_what_the_table_says(store, nothing_is_sent_on):
    head = f"{'':<60}" + " ".join(f"{role[:3]}" for role in ROLES)
    found = [head, *rows()]
    if os.environ.get("SITE_ROLE_MATRIX") == "write":
        TABLE.write_text("\n".join(found) + "\n")

    assert found == TABLE.read_text().splitlines()
