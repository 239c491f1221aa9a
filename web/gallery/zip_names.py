"""
What the files of a zip are called.

A zip says of a name that it is UTF-8, or says nothing. Then most programs of today
wrote UTF-8 all the same (Finder, Info-ZIP); Windows' Explorer and those of old wrote
the code page of their country, which stands nowhere. So UTF-8 is tried first, then the
code page by which all the names together look most like words. Chinese, Japanese and
Korean ones are not told apart: their names come out garbled, and that is told.
"""

import struct
import unicodedata
import zipfile
import zlib
from functools import cache
from typing import NamedTuple

IS_UTF8 = 0x800
UNICODE_PATH = 0x7075  # an extra field: the name in UTF-8, with a checksum of the other
ZIPFILE_READS = "cp437"  # what zipfile takes for UTF-8's lack; each byte is a character
# Of Western Europe, the United States and Windows itself, Central Europe, Russia. Among
# equals the first is taken.
CODE_PAGES = ["cp850", "cp437", "cp1252", "cp852", "cp866", "cp1251"]
BETWEEN_LETTERS = set("’–·\u00a0")
PUNCTUATION = BETWEEN_LETTERS | set("°ºª«»‘“”—…¿¡§№½¼¾")
# Nothing is there; yet four bytes of a code page may look like one of these in UTF-8.
EMPTY_PLANES = range(0x40000, 0xE0000)
MOST_LOOKED_AT = 200  # a zip may have a hundred thousand
GARBLED_FROM = 1.0  # oddities for each name


class ZipName(NamedTuple):
    """With `/` between folders, whatever the zip has."""

    text: str
    is_garbled: bool = False  # most likely


def names_of(infos: list[zipfile.ZipInfo]) -> list[ZipName]:
    certain = [certain_name(info) for info in infos]
    unsure = [
        raw_name(info)
        for info, name in zip(infos, certain, strict=True)
        if name is None
    ]
    page, is_garbled = best_code_page(unsure[:MOST_LOOKED_AT])
    return [
        ZipName(raw_name(info).decode(page, "replace").replace("\\", "/"), is_garbled)
        if name is None
        else ZipName(name.replace("\\", "/"))
        for info, name in zip(infos, certain, strict=True)
    ]


def certain_name(info: zipfile.ZipInfo) -> str | None:
    """None for one that is written in some code page."""
    if info.flag_bits & IS_UTF8:
        return info.filename
    raw = raw_name(info)
    if (told := unicode_path(info.extra, raw=raw)) is not None:
        return told
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        return None
    return None if any(ord(sign) in EMPTY_PLANES for sign in text) else text


def raw_name(info: zipfile.ZipInfo) -> bytes:
    """Up to its first zero, as zipfile cuts it."""
    return info.orig_filename.partition("\0")[0].encode(ZIPFILE_READS)


def unicode_path(extra: bytes, *, raw: bytes) -> str | None:
    """Info-ZIP's extra field, unless the name was changed after it was written."""
    while len(extra) >= 4:
        kind, length = struct.unpack_from("<HH", extra)
        body, extra = extra[4 : 4 + length], extra[4 + length :]
        if kind != UNICODE_PATH or len(body) < 6 or body[0] != 1:
            continue
        if struct.unpack_from("<I", body, 1)[0] == zlib.crc32(raw):
            try:
                return body[5:].decode().partition("\0")[0] or None
            except UnicodeDecodeError:
                return None
    return None


def best_code_page(names: list[bytes]) -> tuple[str, bool]:
    """By which the names have the fewest oddities, and whether those are many."""
    sums = {page: sum(oddities(name, page) for name in names) for page in CODE_PAGES}
    best = min(sums, key=lambda page: sums[page])
    return best, sums[best] >= GARBLED_FROM * max(len(names), 1)


def oddities(name: bytes, page: str) -> float:
    """How unlike words `name` is in this code page."""
    try:
        text = name.decode(page)
    except UnicodeDecodeError:
        return float("inf")
    pairs = zip(f" {text}", text, strict=False)
    return sum(oddity(before, sign) for before, sign in pairs)


def oddity(before: str, sign: str) -> float:
    """Of a character and the one before it; ASCII beside ASCII has none."""
    if before.isascii() and sign.isascii():
        return 0
    odd = 0.0
    if not sign.isascii() and sign not in PUNCTUATION and not sign.isalpha():
        odd += 3  # lines, blocks, currencies
    if before.isalpha() and sign in PUNCTUATION - BETWEEN_LETTERS:
        odd += 1
    if before.isalpha() and sign.isalpha():
        odd += 2 * (script(before) != script(sign))
        odd += 2 * (before.islower() and sign.isupper())
        in_latin = script(sign) == "LATIN" and not (before.isascii() or sign.isascii())
        odd += in_latin  # letters with accents seldom stand together
    return odd


@cache
def script(letter: str) -> str:
    return unicodedata.name(letter, "?").split()[0]
