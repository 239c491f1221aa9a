"""What no log and no report may hold: who somebody is, and what opens a door."""

import re

# Each in time that grows with the text, not with its square: people choose some of it.
RULES = [
    (re.compile(pattern), put)
    for pattern, put in (
        # redis://:password@host, before it is taken for an e-mail address
        (r"://[^/\s:@]*:[^/\s@]+@", "://[secret]@"),
        (r"(?<![\w.+%-])[\w.+%-]{1,200}@[\w-]+(?:\.[\w-]+)+", "[e-mail]"),
        # Tokens in words: Bearer …, and JWT wherever they stand
        (r"(?i)\b(bearer|basic)\s+[\w.~+/=-]{8,}", r"\1 [secret]"),
        (r"\beyJ[\w-]{10,}(?:\.[\w-]+){1,2}", "[token]"),
        # Paths that are keys: a new password, an invitation, a link to a photo
        (r"/password-reset/[\w=-]+/[\w:-]+", "/password-reset/[secret]"),
        (r"/invitations/[\w:=.-]{20,}", "/invitations/[secret]"),
        (r"/media/\d{10}/[\w-]{22}/", "/media/[secret]/"),
        # All that follows the ? of a path or a URL
        (r"(?<=[\w/.-])\?(?=[\w%.-])[^\s\"'<>)\]]+", "?[query]"),
    )
]
_GROUP = "[0-9a-fA-F]{1,4}"
ADDRESSES = re.compile(
    r"(?<![\w.:])(?:"
    r"\d{1,3}(?:\.\d{1,3}){3}"
    rf"|(?:{_GROUP}:){{7}}{_GROUP}"
    rf"|(?:{_GROUP}:){{1,6}}:(?:{_GROUP}:){{0,5}}(?:{_GROUP})?"
    r")(?![\w]|\.\d)"
)


def without_secrets(text: str) -> str:
    """
    `text` without e-mail addresses, tokens, passwords in URLs, query strings and
    links that are keys. What else it says stays.
    """
    for pattern, put in RULES:
        text = pattern.sub(put, text)
    return text


def without_people(text: str) -> str:
    """The same for what leaves the server: without the addresses of computers too."""
    return ADDRESSES.sub("[address]", without_secrets(text))
