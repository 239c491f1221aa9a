"""Search for the beginnings of words, the same for what is stored and what is asked."""

from django.contrib.postgres.search import SearchQuery, SearchVector
from django.db.models import CharField, F, Func, Value

# Left to itself, Postgres takes IMG_2041.jpg for the name of a host, and "2041" finds
# nothing. So each of these is a space, on both sides. No regular expression: what it
# takes for a letter would depend on the database's locale.
SIGNS = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~’‘“”«»–—…·"
SPACES = " " * len(SIGNS)
TO_SPACES = str.maketrans(SIGNS + "\0", SPACES + " ")


def searchable(*fields: str) -> SearchVector:
    """The words of these fields, for a generated column."""
    return SearchVector(
        *(
            Func(
                F(field),
                Value(SIGNS),
                Value(SPACES),
                function="translate",
                output_field=CharField(),
            )
            for field in fields
        ),
        config="simple",
    )


def search_query(text: str) -> SearchQuery | None:
    """Rows with words that begin as those of `text`; None when it has no word."""
    words = text.translate(TO_SPACES).split()
    if not words:
        return None
    return SearchQuery(
        " & ".join(f"{word}:*" for word in words), search_type="raw", config="simple"
    )
