"""Requests that no browser sends, for each address of the site."""

import itertools
import json
import re
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field

from django.urls import URLPattern, get_resolver

DEEP = 100_000
LONG = 3_000_000  # above DATA_UPLOAD_MAX_MEMORY_SIZE
MULTIPART = "multipart/form-data; boundary=b"


@dataclass(frozen=True)
class Hostile:
    """One request, its address apart."""

    name: str
    method: str = "POST"
    body: bytes = b""
    content_type: str = "application/json"
    query: str = ""
    headers: dict[str, str] = field(default_factory=dict)


def json_bodies() -> dict[str, bytes]:
    deep_object = b'{"email":' * DEEP + b"1" + b"}" * DEEP
    return {
        "deep": b"[" * DEEP,
        "deep and closed": b"[" * DEEP + b"]" * DEEP,
        "deep object": deep_object,
        "deep value": b'{"email": ' + b"[" * 900 + b"]" * 900 + b', "name": {"a": []}}',
        "long": json.dumps({"email": "a" * LONG}).encode(),
        "doubled": b'{"email": "a@example.com", "email": "b@example.com"}',
        "not UTF-8": b'{"email": "\xff\xfe\xe9"}',
        "UTF-16": '{"email": "a@example.com"}'.encode("utf-16"),
        "a lone surrogate": rb'{"email": "\ud800", "name": "\udfff", "\ud800": 1}',
        "NUL": rb'{"email": "a\u0000@example.com", "name": "\u0000", "slug": "\u0000"}',
        "a huge number": b'{"email": 1' + b"0" * 9999 + b', "limit": 1e999999}',
        "not a number": b'{"email": NaN, "name": Infinity}',
        "no object": b'["email"]',
        "text": b'"email"',
        "nothing": b"null",
        "empty": b"",
        "cut off": b'{"email": "a',
        "other types": b'{"email": {"a": 1}, "password": [[]], "name": true,'
        b' "slug": 1.5, "photos": {"a": 1}, "ids": [{}], "token": null}',
    }


def form_bodies() -> dict[str, tuple[str, bytes]]:
    urlencoded = "application/x-www-form-urlencoded"
    part = b'--b\r\nContent-Disposition: form-data; name="%s"%s\r\n%s\r\n%s\r\n'
    return {
        "many fields": (urlencoded, b"&".join(b"a%d=1" % n for n in range(20_000))),
        "long field": (urlencoded, b"username=" + b"a" * LONG),
        "NUL in a field": (urlencoded, b"username=%00&password=%00&email=%00&q=%00"),
        "bytes in a field": (urlencoded, b"username=%ff%fe&password=\xff\xfe"),
        "no boundary": ("multipart/form-data", b"--b"),
        "empty boundary": ("multipart/form-data; boundary=", b"--b"),
        "long boundary": (f"multipart/form-data; boundary={'b' * 5000}", b"--b"),
        "bytes in a boundary": ("multipart/form-data; boundary=\xff\xfe", b"--b"),
        "cut off": (
            MULTIPART,
            part % (b"image", b'; filename="a.jpg"', b"", b"\xff\xd8"),
        ),
        "no base64": (
            MULTIPART,
            part % (b"image", b"", b"Content-Transfer-Encoding: base64\r\n", b"?")
            + b"--b--\r\n",
        ),
        "many parts": (MULTIPART, part % (b"a", b"", b"", b"1") * 2_000 + b"--b--\r\n"),
        "many files": (
            MULTIPART,
            part % (b"image", b'; filename="a.jpg"', b"", b"1") * 600 + b"--b--\r\n",
        ),
        "a long header": (
            MULTIPART,
            part % (b"a" * 100_000, b"", b"", b"1") + b"--b--\r\n",
        ),
        "a strange file name": (
            MULTIPART,
            part % (b"image", b'; filename="..\\\x00/\xff.jpg"', b"", b"1")
            + b"--b--\r\n",
        ),
        "a codec as file name": (
            MULTIPART,
            part % (b"image", b"; filename*=rot13''a.jpg", b"", b"1") + b"--b--\r\n",
        ),
    }


CHARSETS = ("rot13", "zlib", "hex", "base64", "undefined", "idna", "utf-16", "utf-7")
CHARSETS += ("latin-1", "none-such", "unicode_escape", "punycode", "\xff", "")

HEADERS = {
    "Accept": ["*/*;q=x", "a" * 5000, ";", "text/html;level=1;" * 500, "\xff"],
    "Accept-Language": ["x" * 5000, "en-" * 1000, "\xff", "*;q=1e9"],
    "Authorization": ["Bearer", "Bearer \xff", "Bearer a b", "Bearer " + "a." * 5000]
    + ["Bearer " + "e30." * 2 + "e30", "Basic ????", "Basic /w==", "\xff"],
    "Cookie": [
        "access=\xff",
        "access=a.b.c; refresh=" + "[" * 3000,
        "=;=;;",
        "a" * 6000,
    ]
    + ["sessionid=\x01; csrftoken=\xff", "access=" + "e30." * 2 + "e30"],
    "If-Modified-Since": ["Sun, 06 Nov 99999 08:49:37 GMT", "\xff", "0"],
    "If-None-Match": ['"' + "a" * 5000, "W/", "\xff"],
    "If-Range": ["\xff", "Sun, 99 Nov 0000 08:49:37 GMT", '"'],
    "Origin": ["null", "\xff", "http://[", "https://" + "a" * 5000],
    "Range": [
        "bytes=" + "0-1," * 1000,
        "bytes=99999999999999999999-",
        "bytes=-0",
        "\xff",
    ],
    "Referer": ["http://[::1", "\xff", "https://a:99999999/"],
    "X-Requested-With": ["\xff"],
    "X-Request-Id": ["\xff", "a" * 5000, "\x01"],
    "X-Original-Method": ["\xff", "get"],
    "X-Original-URI": ["\xff", "//[", "/flower/%ff", "a" * 5000],
    "Sec-Fetch-Site": ["\xff"],
    "Tus-Resumable": ["\xff", "9" * 5000],
    "Upload-Length": ["-1", "1e9", "9" * 5000, "٣", "\xff", "0x10", "1_0"],
    "Upload-Metadata": [
        "filename",
        "filename ????",
        "a " * 3000,
        "filename /w==",
        "\xff",
    ],
    "Upload-Offset": ["-1", "9" * 30, "٣", "\xff", "1_0"],
    "Content-Disposition": [
        "attachment; filename*=rot13''a",
        "\xff",
        "attachment; filename",
    ],
    "Content-Range": ["bytes 0-1/0", "\xff"],
}

NAMES = "q year page p o limit cursor since next ordering e all _popup _to_field token"
NAMES += (
    " gallery status state id ids download format lang _changelist_filters field_name"
)
VALUES = ["%00", "%ff", "%ED%A0%80", "9" * 5000, "-1", "1e9", "%D9%A3", "a" * 6000, "["]
VALUES += [
    "",
    "%5B" * 1500,
    "//[",
    "http://[::1",
    "javascript:alert(1)",
    "%0d%0aX:1",
    "1_0",
]
VALUES += [
    "W1tbW1tbW1tbW1tbW1tbW1tb",
    "MA",
    "WzAsMSwyXQ",
    "bnVsbA",
    "0001-01-01",
    "99999-01-01",
]


def queries() -> Iterator[str]:
    for name, value in itertools.product(NAMES.split(), VALUES):
        yield f"{name}={value}"
    yield "&".join(f"q={number}" for number in range(2_000))
    yield "a[]=1&a[b]=2&=&&&;="


def requests() -> Iterator[Hostile]:
    for method, (name, body) in itertools.product(
        ("POST", "PATCH", "PUT"), json_bodies().items()
    ):
        yield Hostile(f"{method} JSON {name}", method, body)
    for name, (content_type, body) in form_bodies().items():
        yield Hostile(f"form {name}", body=body, content_type=content_type)
    for charset in CHARSETS:
        for kind in (
            "application/json",
            "application/x-www-form-urlencoded",
            MULTIPART,
        ):
            content_type = f"{kind}; charset={charset}"
            for method in ("GET", "POST"):
                yield Hostile(
                    f"{method} {content_type!r}",
                    method,
                    b'{"a": 1}',
                    content_type,
                    "q=a",
                )
    for content_type in ("", "a", "/", ";", "\xff", "application/json;" * 500):
        yield Hostile(
            f"type {content_type[:40]!r}", body=b"{}", content_type=content_type
        )
    for name, values in HEADERS.items():
        for method, value in itertools.product(("GET", "POST", "PATCH"), values):
            yield Hostile(
                f"{method} {name}: {value[:40]!r}", method, b"{}", headers={name: value}
            )
    for query in queries():
        yield Hostile(f"?{query[:60]}", "GET", query=query)
    for method in ("TRACE", "DELETE", "HEAD", "OPTIONS", "PROPFIND", "a" * 30):
        yield Hostile(method[:10], method)


# --- Addresses ------------------------------------------------------------------------


def patterns(resolver=None, before: str = "") -> Iterator[str]:
    """Each address of the site, its places as Django writes them."""
    for entry in (resolver or get_resolver()).url_patterns:
        route = before + str(entry.pattern)
        if isinstance(entry, URLPattern):
            yield route
        else:
            yield from patterns(entry, route)


def filled(route: str, values: dict[str, str]) -> str:
    """The address, each place of it filled from `values` by its name."""
    route = re.sub(r"\(\?P<(\w+)>(?:[^()]|\([^()]*\))*\)", r"<\1>", route)
    route = re.sub(r"<(?:\w+:)?(\w+)>", lambda place: values.get(place[1], "x"), route)
    return "/" + route.replace("^", "").replace("$", "").replace("\\", "")


STRANGE_PLACES = {
    "pk": str(uuid.UUID(int=0)),
    "object_id": "_00_ff" + "9" * 30,
    "content_type_id": "9" * 30,
    "url": "%00/%ff/" + "a/" * 500,
    "slug": "a" * 3000,
    "id": "9" * 30,
    "uid": "%ff",
    "token": "%00-%ff",
    "key": "%00" + "a" * 3000,
}
