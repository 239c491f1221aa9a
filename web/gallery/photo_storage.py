"""A photo's files in folder or bucket, whose faults are told from the photo's own."""

import logging
import shutil
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from tempfile import SpooledTemporaryFile
from typing import IO

from django.conf import settings
from django.core.files import File
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import Error, connection

from gallery.exceptions import StorageFault
from gallery.locations import Location, hide_location, private_bytes
from gallery.models import Photo
from socle.core.media import IN_MEMORY_BYTES

logger = logging.getLogger(__name__)


def open_original(photo: Photo) -> IO[bytes]:
    """
    The original with all its bytes on this machine; a local file is not copied.

    A bucket sends them only while they are read: in a decoder its faults would look
    like those of the photo. Raises FileNotFoundError and StorageFault.
    """
    try:
        file = photo.original.open("rb")
        return file if is_local(photo.original) else copied(file)
    except FileNotFoundError:
        raise
    except Exception as error:  # whatever a bucket's library raises
        raise StorageFault(f"The original could not be read: {error}") from error


def is_local(stored) -> bool:
    try:
        return bool(stored.path)
    except NotImplementedError:
        return False


def copied(source: IO[bytes]) -> IO[bytes]:
    with source, ExitStack() as files:
        copy = files.enter_context(SpooledTemporaryFile(max_size=IN_MEMORY_BYTES))
        shutil.copyfileobj(source, copy)
        copy.seek(0)
        files.pop_all()  # whoever called closes it
    return copy


def store_without_location(photo: Photo, file: IO[bytes]) -> None:
    """
    Notes on `photo`, whose original is `file`, whether that says where it was taken;
    stores the copy that does not. Raises OSError where there is no room for it.
    """
    with private_bytes(file) as data:
        found = hide_location(data)
        photo.has_location = found is not Location.NONE
        if found is not Location.HIDDEN:
            return
        ending = str(photo.original).rpartition(".")[2]
        with SpooledTemporaryFile(max_size=IN_MEMORY_BYTES) as copy:
            copy.write(data)
            copy.seek(0)
            photo.without_location = default_storage.save(
                f"photos/{photo.folder}/without_location.{ending}", File(copy)
            )


def store_rendition(photo: Photo, variant: str, content: bytes) -> str:
    """The name that it is stored by. Raises StorageFault."""
    name = f"photos/{photo.folder}/{variant}.webp"
    try:
        return default_storage.save(name, ContentFile(content))
    except Exception as error:  # whatever a bucket's library raises
        raise StorageFault(f"The {variant} could not be stored: {error}") from error


class OwnFiles:
    """
    The files that one piece of work has stored, until a row names them.

    A restore may put another database and another folder in place meanwhile. What was
    stored in the old folder is there no more; what came into the new one has no row.
    """

    def __init__(self) -> None:
        self._folder = _identity(Path(settings.MEDIA_ROOT))
        self._stored: list[tuple[Path, tuple[int, int] | None]] = []

    def note(self, name: str) -> None:
        """Of a bucket nothing is noted: a restore only adds to it."""
        try:
            path = Path(default_storage.path(name))
        except NotImplementedError:
            return
        self._stored.append((path, _identity(path)))

    def are_elsewhere(self) -> bool:
        """Whether another folder has been put in the place of the one they are in."""
        return bool(self._stored) and _identity(Path(settings.MEDIA_ROOT)) != (
            self._folder
        )

    def remove_unless(self, is_named: Callable[[], bool]) -> None:
        """
        After an error of the database, whose answer may have been lost: what the live
        one names stays, and so does a file of the same name that is another one.
        """
        if connection.in_atomic_block:  # of a caller, who may still take it back
            return
        try:
            connection.close()
            if is_named():
                return
        except Error as error:
            logger.warning("It stays unknown whether files are left over: %s", error)
            return
        for path, identity in self._stored:
            if identity is not None and _identity(path) == identity:
                path.unlink(missing_ok=True)
                logger.warning("%s has no row and is removed.", path)


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        facts = path.stat()
    except OSError:
        return None
    return facts.st_dev, facts.st_ino
