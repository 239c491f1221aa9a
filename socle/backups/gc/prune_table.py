"""What a prune would do, as a person reads it before agreeing."""

from collections.abc import Sequence
from datetime import datetime

from rich.table import Table

from socle.backups.gc.prune import RetentionVerdict
from socle.backups.progress import readable_age, readable_size
from socle.backups.table import rendered


def verdicts_table(
    verdicts: Sequence[RetentionVerdict], *, now: datetime, width: int | None
) -> str:
    """
    One line a backup, in the given order; two where that is wider than `width`
    columns (None for a pipe or a file, which has no edge).
    """
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column("URL", no_wrap=True)
    for title in ("Age", "Size"):
        table.add_column(title, justify="right", no_wrap=True)
    table.add_column("Stays as", no_wrap=True)
    for verdict in verdicts:
        table.add_row(verdict.address.url, *_cells(verdict, now=now))
    text = rendered(table)
    if width is None or max(map(len, text.splitlines())) <= width:
        return text
    return "".join(_two_lines(verdict, now=now) for verdict in verdicts)


def _cells(verdict: RetentionVerdict, *, now: datetime) -> tuple[str, str, str]:
    """The size is that of the folder: contents of media belong to many backups."""
    moment = verdict.folder.moment
    return (
        readable_age((now - moment).total_seconds()) if moment else "-",
        readable_size(verdict.folder.size_bytes),
        "- (goes)" if verdict.goes else ", ".join(verdict.reasons),
    )


def _two_lines(verdict: RetentionVerdict, *, now: datetime) -> str:
    age, size, _ = _cells(verdict, now=now)
    fate = "goes" if verdict.goes else f"stays: {', '.join(verdict.reasons)}"
    return f"{verdict.address.url}\n  {age} old, {size}, {fate}\n"
