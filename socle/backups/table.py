"""The list of backups as a person reads it."""

from collections.abc import Sequence
from datetime import datetime
from io import StringIO

from rich.console import Console
from rich.table import Table

from socle.backups.format.backup_metadata import Backup
from socle.backups.progress import counted_files, readable_age, readable_size

_WIDE = 10_000  # rich must never fold or cut a URL


def backups_table(
    backups: Sequence[Backup], *, now: datetime, width: int | None
) -> str:
    """
    One line a backup, in the given order; three where that is wider than `width`
    columns. URLs stay whole: they are there to be copied.

    width: None for a pipe or a file, which has no edge.
    """
    table = _table(backups, now=now)
    text = rendered(table)
    if width is None or max(map(len, text.splitlines())) <= width:
        return text
    return "".join(_three_lines(backup, now=now) for backup in backups)


def _table(backups: Sequence[Backup], *, now: datetime) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column("URL", no_wrap=True)
    table.add_column("Taken (UTC)", no_wrap=True)
    for title in ("Age", "Database", "Files", "Media", "New"):
        table.add_column(title, justify="right", no_wrap=True)
    table.add_column("Proven", no_wrap=True)
    for backup in backups:
        table.add_row(backup.url, *_cells(backup, now=now))
    return table


def _cells(backup: Backup, *, now: datetime) -> tuple[str, ...]:
    record = backup.record
    return (
        f"{record.created_at:%Y-%m-%d %H:%M}",
        readable_age((now - record.created_at).total_seconds()),
        readable_size(record.database.dump.size_bytes),
        f"{record.media.files:,}",
        readable_size(record.media.size_bytes),
        readable_size(record.new_bytes),
        f"{backup.proof.proven_at:%Y-%m-%d}" if backup.proof else "-",
    )


def _three_lines(backup: Backup, *, now: datetime) -> str:
    taken, age, database, _, media, new, proven = _cells(backup, now=now)
    proof = f"proven {proven}" if backup.proof else "not proven"
    return (
        f"{backup.url}\n"
        f"  {taken} UTC, {age} ago, {proof}\n"
        f"  database {database}, {counted_files(backup.record.media.files)} {media}, "
        f"new {new}\n"
    )


def rendered(table: Table) -> str:
    console = Console(file=StringIO(), width=_WIDE, color_system=None, markup=False)
    with console.capture() as captured:
        console.print(table)
    lines = (line.rstrip() for line in captured.get().splitlines())
    return "".join(f"{line}\n" for line in lines)
