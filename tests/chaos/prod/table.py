"""docs/reliability.md: its table, written by the runs, a row a case."""

import os
import platform
from dataclasses import dataclass
from pathlib import Path

BEGIN = "<!-- Written by ./run_tests.sh --reliability, from here -->"
END = "<!-- to here. -->"
HEAD = (
    "| Case | Promise | Kept | Downtime | Errors in / outside the moment | Lost | Also "
    "| When (UTC) |",
    "| --- | --- | --- | --- | --- | --- | --- | --- |",
)


@dataclass(frozen=True)
class Row:
    case: str
    promise: str
    is_kept: bool
    downtime: str
    errors: str
    lost: str
    notes: str
    date: str

    def line(self) -> str:
        kept = "yes" if self.is_kept else "**no**"
        cells = [self.case, self.promise, kept, self.downtime, self.errors]
        cells += [self.lost, self.notes or "-", self.date]
        return "| " + " | ".join(map(one_line, cells)) + " |"

    def summary(self) -> str:
        kept = "kept" if self.is_kept else "BROKEN"
        figures = f"down: {self.downtime}; errors: {self.errors}; lost: {self.lost}"
        return f"{kept}; {figures}"


def one_line(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def update(text: str, rows: list[Row], *, is_whole: bool, run: str) -> str:
    """
    `text` with these rows in the place of older ones of the same cases.

    is_whole: every case ran, so rows of others are of cases that are no more.
    run: with what command and on what machine; stands below the table.
    """
    before, begins, rest = text.partition(BEGIN)
    inside, ends, after = rest.partition(END)
    if not (begins and ends):
        raise ValueError(f"docs/reliability.md must have the lines {BEGIN} and {END}.")
    lines = {} if is_whole else rows_in(inside)
    lines |= {one_line(row.case): row.line() for row in rows}
    table = "\n".join([*HEAD, *lines.values()])
    return f"{before}{BEGIN}\n{table}\n\n{run}\n{END}{after}"


def rows_in(text: str) -> dict[str, str]:
    lines = [line for line in text.splitlines() if line.startswith("| ")]
    found = [line for line in lines if line not in HEAD]
    return {line.removeprefix("| ").split(" | ")[0]: line for line in found}


def machine() -> str:
    kilobytes = int(Path("/proc/meminfo").read_text().split()[1])
    system = f"Linux {platform.release()}"
    return f"{os.cpu_count()} processors, {round(kilobytes / 1e6)} GB, {system}"
