"""Sends a file as nginx does: whole, a part of it, or nothing when it is known."""

import re
from typing import IO

from django.http import FileResponse, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.cache import get_conditional_response
from django.utils.http import http_date

RANGE = re.compile(r"bytes=([0-9]*)-([0-9]*)")
BEHIND_ANY_FILE = 10**18


class Slice:
    """The next `length` bytes of `file`, as a file."""

    def __init__(self, file: IO[bytes], *, length: int):
        self._file = file
        self._left = length

    def read(self, size: int = -1) -> bytes:
        wanted = self._left if size < 0 else min(size, self._left)
        piece = self._file.read(wanted) if wanted else b""
        self._left -= len(piece)
        return piece

    def close(self) -> None:
        self._file.close()


def answer(
    request: HttpRequest, file: IO[bytes], *, size: int, modified: float | None
) -> HttpResponseBase:
    """
    200, 206, 304 or 416, whatever the request asks for. The file is closed with it.

    size in bytes; modified in seconds since 1970, None where the storage cannot say.
    """
    etag = f'"{int(modified):x}-{size:x}"' if modified is not None else None
    headers = {"Accept-Ranges": "bytes"}
    if etag is not None and modified is not None:
        headers |= {"ETag": etag, "Last-Modified": http_date(modified)}
    answered = get_conditional_response(
        request, etag=etag, last_modified=int(modified) if modified else None
    )
    if answered is not None:
        file.close()
        return with_headers(answered, headers)
    return part(request, file, size=size, headers=headers)


def with_headers(
    response: HttpResponseBase, headers: dict[str, str]
) -> HttpResponseBase:
    for name, value in headers.items():
        response[name] = value
    return response


def part(request, file: IO[bytes], *, size: int, headers: dict) -> HttpResponseBase:
    """What the Range header names, of a file of `size` bytes."""
    wanted = wanted_range(request, size=size, headers=headers)
    if wanted is None:
        start, end, status = 0, size, 200
    else:
        start, end, status = *wanted, 206
        if start >= end:
            file.close()
            return HttpResponse(
                status=416, headers=headers | {"Content-Range": f"bytes */{size}"}
            )
        headers["Content-Range"] = f"bytes {start}-{end - 1}/{size}"
    if start:
        file.seek(start)
    response = FileResponse(Slice(file, length=end - start), status=status)
    return with_headers(response, headers | {"Content-Length": str(end - start)})


def wanted_range(request, *, size: int, headers: dict) -> tuple[int, int] | None:
    """First byte and the one behind the last; None for the whole file."""
    match = RANGE.fullmatch(request.headers.get("Range", ""))
    if match is None or match[0] == "bytes=-":
        return None  # no range, several, or none that can be understood
    condition = request.headers.get("If-Range")
    if condition and condition not in {
        headers.get("ETag"),
        headers.get("Last-Modified"),
    }:
        return None  # of another version of the file
    first, last = map(number, match.groups())
    if first is None:
        return max(0, size - (last or 0)), size if last else 0
    end = min(last + 1, size) if last is not None else size
    if last is not None and last < first:
        return None  # no range at all, says the standard
    return first, end


def number(digits: str) -> int | None:
    """None for no digits. Of very many, which `int` refuses, one that is too large."""
    if not digits:
        return None
    digits = digits.lstrip("0")
    return int(digits or 0) if len(digits) <= 18 else BEHIND_ANY_FILE
