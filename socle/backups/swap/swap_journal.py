"""What a swap is about to do, on disk before it begins, and gone when it is over."""

import json
import os
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from socle.backups.exceptions import LookAtIt


@dataclass(frozen=True)
class Exchange:
    """`new` takes the name `live`; what has that name is called `old` from then on."""

    live: str
    new: str
    old: str
    had_live: bool = True
    """False when there was nothing of the name `live` before."""


@dataclass(frozen=True)
class Plan:
    """A swap: of the database, of the folder of media (names beside it), or of both."""

    database: Exchange | None
    media: Exchange | None


def journal_path(media: Path) -> Path:
    """While this file exists, a swap is going on, or was killed."""
    return media.with_name(f"{media.name}.swap")


def write_journal(media: Path, plan: Plan) -> None:
    """On disk, whole and under its name, when this returns."""
    path = journal_path(media)
    draft = path.with_name(f"{path.name}.new")
    try:
        with draft.open("w") as file:
            json.dump(asdict(plan), file)
            file.flush()
            os.fsync(file.fileno())
        draft.rename(path)
    except OSError:
        draft.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def read_journal(media: Path) -> Plan | None:
    """None when no swap is going on. Raises LookAtIt for anything but a journal."""
    path = journal_path(media)
    try:
        values = json.loads(path.read_text())
        return Plan(
            database=_exchange(values["database"]), media=_exchange(values["media"])
        )
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise LookAtIt(
            f"{path} says what a restore was about to swap, and cannot be read: "
            f"{error}. Until it is gone the site answers 503. See which database and "
            "folder are the right ones, rename them if need be, then delete it."
        ) from error


def remove_journal(media: Path) -> None:
    sync_folder(media.parent)  # the renames first
    with suppress(FileNotFoundError):
        journal_path(media).unlink()
    sync_folder(media.parent)


def sync_folder(folder: Path) -> None:
    """Names in it survive a loss of power from here on."""
    number = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)


def _exchange(values: dict[str, Any] | None) -> Exchange | None:
    return None if values is None else Exchange(**values)
