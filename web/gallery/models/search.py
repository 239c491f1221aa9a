"""
Search for the beginnings of words, the same for what is stored and what is asked.

Accents do not matter: "ete a nimes" finds "Été à Nîmes". Both sides are taken apart
(NFKD), lose their marks, and are put together again: by Postgres' own functions and by
Python's. Scripts whose vowels are marks, as those of India, keep them.
"""

import unicodedata

from django.contrib.postgres.search import SearchQuery, SearchVector
from django.db.models import CharField, F, Func, Value

from socle.core.unicode_text import one_line

# Left to itself, Postgres takes IMG_2041.jpg for the name of a host, and "2041" finds
# nothing. So each of these is a space, on both sides. No regular expression: what it
# takes for a letter would depend on the database's locale.
SIGNS = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~’‘“”«»–—…·"
SPACES = " " * len(SIGNS)
TO_SPACES = str.maketrans(SIGNS + "\0", SPACES + " ")


def signs(*ranges: tuple[int, int]) -> str:
    return "".join(chr(n) for first, last in ranges for n in range(first, last + 1))


# Accents of Latin, Greek and Cyrillic; points of Hebrew; vowels of Arabic.
MARKS = signs((0x300, 0x36F))
MARKS += signs((0x591, 0x5BD), (0x5BF, 0x5BF), (0x5C1, 0x5C2), (0x5C4, 0x5C5))
MARKS += signs((0x5C7, 0x5C7), (0x640, 0x640), (0x64B, 0x65F), (0x670, 0x670))
# What Unicode does not take apart.
LETTERS, PLAIN_LETTERS = "łŁøØđĐðÐħĦŧŦı", "lLoOdDdDhHtTi"
IN_TWO = {"ß": "ss", "ẞ": "SS", "æ": "ae", "Æ": "AE", "œ": "oe", "Œ": "OE"}
WITHOUT_MARKS = str.maketrans(LETTERS, PLAIN_LETTERS, MARKS)


def searchable(*fields: str) -> SearchVector:
    """The words of these fields, for a generated column."""
    return SearchVector(*(words_of(F(field)) for field in fields), config="simple")


def words_of(text) -> Func:
    for one, two in IN_TWO.items():
        text = sql_function("replace", text, Value(one), Value(two))
    text = sql_normalized(text, form="NFKD")
    text = sql_function("translate", text, Value(LETTERS + MARKS), Value(PLAIN_LETTERS))
    text = sql_normalized(text, form="NFC")
    return sql_function("translate", text, Value(SIGNS), Value(SPACES))


def sql_function(function: str, *parts) -> Func:
    return Func(*parts, function=function, output_field=CharField())


def sql_normalized(text, *, form: str) -> Func:
    template = f"normalize(%(expressions)s, {form})"
    return Func(text, template=template, output_field=CharField())


def search_query(text: str) -> SearchQuery | None:
    """Rows with words that begin as those of `text`; None when it has no word."""
    words = plain(one_line(text)).translate(TO_SPACES).split()
    if not words:
        return None
    return SearchQuery(
        " & ".join(f"{word}:*" for word in words), search_type="raw", config="simple"
    )


def plain(text: str) -> str:
    """As `words_of` makes it of what is stored."""
    for one, two in IN_TWO.items():
        text = text.replace(one, two)
    bare = unicodedata.normalize("NFKD", text).translate(WITHOUT_MARKS)
    return unicodedata.normalize("NFC", bare)
