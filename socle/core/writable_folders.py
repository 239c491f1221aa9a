"""Whether the site may write where it must."""

import os
import tempfile
from pathlib import Path

from django.conf import settings


class FolderProblem(Exception):
    """A folder cannot be used. The text names the path, the uid and the fix."""


def check_site_folders() -> None:
    """Make what is missing, prove the rest. Raises FolderProblem, with all of them."""
    purposes = {
        "media": settings.MEDIA_ROOT,
        "restore (beside media)": settings.MEDIA_ROOT.parent,
        "incoming uploads": Path(settings.FILE_UPLOAD_TEMP_DIR),
    }
    problems = []
    for purpose, folder in purposes.items():
        try:
            check_folder(folder, purpose=purpose)
        except FolderProblem as problem:
            problems.append(str(problem))
    if problems:
        raise FolderProblem("\n".join(problems))


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
    existing = next(path for path in [folder, *folder.parents] if is_there(path))
    facts = existing.stat()
    return f"{existing} belongs to uid {facts.st_uid}, mode {facts.st_mode & 0o7777:o}"


def is_there(path: Path) -> bool:
    try:
        return path.exists()
    except PermissionError:
        return False
