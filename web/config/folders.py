"""Whether the site may write where it must."""

import os
import tempfile
from pathlib import Path


class FolderProblem(Exception):
    """A folder cannot be used. The text names the path, the uid and the fix."""


def check_folder(folder: Path, *, purpose: str) -> None:
    """
    Write and delete a file in `folder`, which is made if it is missing.

    Raises FolderProblem.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=folder, prefix=".probe-"):
            pass
    except OSError as error:
        uid, gid = os.getuid(), os.getgid()
        raise FolderProblem(
            f"The {purpose} folder {folder} cannot be written by uid {uid}: "
            f"{error.strerror} ({owner_of(folder)}). To repair it, run as root: "
            f"chown -R {uid}:{gid} {folder}"
        ) from error


def owner_of(folder: Path) -> str:
    """Who owns the nearest folder that exists, and its mode."""
    existing = next(path for path in [folder, *folder.parents] if path_exists(path))
    facts = existing.stat()
    return f"{existing} belongs to uid {facts.st_uid}, mode {facts.st_mode & 0o7777:o}"


def path_exists(path: Path) -> bool:
    try:
        return path.exists()
    except PermissionError:
        return False
