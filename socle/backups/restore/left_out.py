"""What a restore had to leave out, because rows of the backup break it."""

from dataclasses import asdict, dataclass, field
from typing import Any

import psycopg2

from socle.backups.progress import counted

_INTEGRITY = "23"
_OF_THE_SERVER = ("08", "25", "53", "55", "57", "58", "XX")
SHOWN = 5


@dataclass(frozen=True)
class LeftOut:
    what: str
    """For a person, as "the foreign key a_b_fkey of public.a"."""
    reason: str
    statement: str
    """Makes it whole when the rows are mended."""
    rows: int | None = None
    """How many are in the way; None where they cannot be counted."""
    examples: list[str] = field(default_factory=list)
    holds_for_new_rows: bool = False

    def as_numbers(self) -> dict[str, Any]:
        return asdict(self)

    def __str__(self) -> str:
        how_many = "" if self.rows is None else f"{counted(self.rows, 'row')}: "
        named = f" Such as {', '.join(self.examples)}." if self.examples else ""
        return f"{self.what} ({how_many}{self.reason}).{named}"

    def advice(self) -> str:
        """For after the restore."""
        state = "holds for new rows only" if self.holds_for_new_rows else "is left out"
        return f"{self} It {state}. When the rows are mended, run: {self.statement}"


def is_of_the_data(error: psycopg2.Error) -> bool:
    """Not of the server: its room, its connections, its files."""
    return bool(error.pgcode) and not error.pgcode.startswith(_OF_THE_SERVER)


def breaks_constraint(error: psycopg2.Error) -> bool:
    return (error.pgcode or "").startswith(_INTEGRITY)


def reason_of(error: psycopg2.Error) -> str:
    """The driver's first line and its detail, which names the first row's key."""
    said = [error.diag.message_primary or str(error), error.diag.message_detail or ""]
    return " ".join(" ".join(said).split()).rstrip(".")


def summary(left_out: list[LeftOut]) -> str:
    shown = "; ".join(str(one).rstrip(".") for one in left_out[:SHOWN])
    more = len(left_out) - SHOWN
    return shown + (f"; and {more} more" if more > 0 else "")
