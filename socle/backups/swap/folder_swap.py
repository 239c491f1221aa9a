"""The folders of a swap: forward or back, from wherever a killed one left them."""

import errno
import shutil
from pathlib import Path

from socle.backups.swap.swap_journal import Exchange

ATTEMPTS = 20


def folders_forward(exchange: Exchange, *, parent: Path) -> None:
    """The new folder is the live one afterwards, the live one of before is the old."""
    live, new, old = _paths(exchange, parent=parent)
    if not new.exists():
        return
    if live.exists() and not old.exists():
        live.rename(old)
    _into_place(new, live=live, strays=old)


def folders_back(exchange: Exchange, *, parent: Path) -> None:
    """As it was before the swap."""
    live, new, old = _paths(exchange, parent=parent)
    was_moved = old.exists() if exchange.had_live else not new.exists()
    if not was_moved:
        return
    if not new.exists() and live.exists():
        live.rename(new)
    if exchange.had_live:
        _into_place(old, live=live, strays=old)


def _into_place(folder: Path, *, live: Path, strays: Path) -> None:
    """
    Between the two renames an upload may make the live folder anew. What it put there
    belongs to what was live when it began.
    """
    for _ in range(ATTEMPTS):
        try:
            folder.rename(live)
        except OSError as error:
            if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
                raise
            _gather(live, into=strays)
        else:
            return
    raise OSError(f"{live} is made again and again by another process")


def _gather(folder: Path, *, into: Path) -> None:
    for path in sorted(folder.rglob("*")):
        target = into / path.relative_to(folder)
        if path.is_dir() and not path.is_symlink():
            target.mkdir(parents=True, exist_ok=True)
        else:
            target.parent.mkdir(parents=True, exist_ok=True)
            path.replace(target)
    shutil.rmtree(folder)


def _paths(exchange: Exchange, *, parent: Path) -> tuple[Path, Path, Path]:
    return parent / exchange.live, parent / exchange.new, parent / exchange.old
