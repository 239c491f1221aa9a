"""Keeps secrets, and people's addresses, out of what is logged and recorded."""

import re
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import unquote, urlsplit

SECRET = re.compile(
    r"(KEY|PASSWORD|SECRET|TOKEN|DSN|AUTH|CREDENTIALS|PING_URL)(_FILE)?$"
)
NOT_SECRET = {"GOOGLE_APPLICATION_CREDENTIALS"}  # the path of a file
URL = re.compile(r"_URL(_FILE)?$")
PERSON = re.compile(r"\b[\w.+-]+@[\w-]+(?:\.[\w-]+)*\.[a-z]{2,}\b", re.IGNORECASE)
SHORTEST = 6  # hiding a shorter one would hide half of the words
HIDDEN = "[hidden]"


class Hiding:
    """Made once a run, of the environment of the stack."""

    def __init__(self, variables: Mapping[str, str]):
        found: set[str] = set()
        for name, value in variables.items():
            found |= _secrets(name, value)
        longest_first = sorted(found, key=len, reverse=True)
        self._secrets = re.compile("|".join(map(re.escape, longest_first)) or r"(?!)")

    def __call__(self, text: str) -> str:
        return PERSON.sub("[address]", self._secrets.sub(HIDDEN, text))


def _secrets(name: str, value: str) -> set[str]:
    if name in NOT_SECRET or not value:
        return set()
    if name.endswith("_FILE"):
        value = _content(value)
    if SECRET.search(name):
        found = {value, *re.split(r"[,\s]+", value)}
    elif URL.search(name):
        password = _password(value)
        found = {password, unquote(password)}
    else:
        return set()
    return {each for each in found if len(each) >= SHORTEST}


def _content(path: str) -> str:
    try:
        return Path(path).read_text().strip()
    except (OSError, UnicodeDecodeError):
        return ""


def _password(url: str) -> str:
    try:
        return urlsplit(url).password or ""
    except ValueError:
        return ""
