"""What variables of .env may be: reads env_rules.txt. The standard library alone."""

import difflib
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
PLACEHOLDERS = {"changeme", "change-me", "secret", "password", "changethis"}
_PART = re.compile(r"^\{(\w+)\} +(.+)$")
_RULE = re.compile(r"^([A-Z0-9_]+)(\*?) +(number|match|secret|zone) +(.+?)  +(.+)$")
MOST_DIGITS = 10


@dataclass(frozen=True)
class ValueRule:
    name: str
    is_needed: bool
    kind: str
    detail: str
    words: str

    def fault(self, value: str) -> str:
        """What is wrong with `value` and what would be right; "" where nothing is."""
        value = one_line(value)
        if self.allows(value):
            return ""
        if self.kind != "secret":
            return f"is {without_password(value)!r}; it is {self._right(value)}"
        why = "is a placeholder" if is_placeholder(value) else "(not shown) is unusable"
        return f"{why}; it is {self.words}"

    def allows(self, value: str) -> bool:
        if not value:
            return not self.is_needed
        if self.kind == "number":
            low, high = self.limits
            digits = value.isascii() and value.isdigit() and len(value) <= MOST_DIGITS
            return digits and low <= int(value) <= high
        if self.kind == "zone":
            return value in time_zones()
        if self.kind == "secret" and is_placeholder(value):
            return False
        return re.search(self.detail, value) is not None

    @property
    def limits(self) -> tuple[int, int]:
        low, high = self.detail.split("..")
        return int(low), int(high)

    def _right(self, value: str) -> str:
        if self.kind == "number":
            low, high = self.limits
            return f"{self.words}, a whole number from {low} to {high}"
        if self.kind == "zone" and (near := near_zone(value)):
            return f"{self.words} (near: {near})"
        return self.words


def one_line(value: str) -> str:
    """A secret's file may have a key a line, and comments."""
    lines = [line for line in value.splitlines() if not line.lstrip().startswith("#")]
    return ",".join(lines) if len(lines) > 1 else "".join(lines)


def is_placeholder(value: str) -> bool:
    return value.lower() in PLACEHOLDERS


def without_password(value: str) -> str:
    return re.sub(r"://[^/@\s]+@", "://[secret]@", value)


@cache
def rules() -> dict[str, ValueRule]:
    parts: dict[str, str] = {}
    found: dict[str, ValueRule] = {}
    for line in (FOLDER / "env_rules.txt").read_text().splitlines():
        if part := _PART.match(line):
            parts[part[1]] = _with_parts(part[2], parts)
        elif row := _RULE.match(line):
            name, star, kind, detail, words = row.groups()
            detail = _with_parts(detail, parts)
            found[name] = ValueRule(name, bool(star), kind, detail, words)
    return found


def _with_parts(pattern: str, parts: dict[str, str]) -> str:
    for name, part in parts.items():
        pattern = pattern.replace(f"{{{name}}}", part)
    return pattern


@cache
def time_zones() -> dict[str, str]:
    """Each name that may be used, and the name of today that it means."""
    lines = (FOLDER / "time_zones.txt").read_text().splitlines()
    rows = [line.split() for line in lines if not line.startswith("#")]
    return {row[0]: row[-1] for row in rows}


def near_zone(value: str) -> str:
    """The zone that was perhaps meant, or ""."""
    folded = {name.lower(): name for name in time_zones()}
    cities = {name.rpartition("/")[2].lower(): name for name in time_zones()}
    wanted = value.strip().lower().replace(" ", "_")
    if found := folded.get(wanted) or cities.get(wanted):
        return found
    close = difflib.get_close_matches(wanted, folded, n=1, cutoff=0.8)
    return folded[close[0]] if close else ""
