"""A photo's files in folder or bucket, whose faults are told from the photo's own."""

import shutil
from contextlib import ExitStack
from tempfile import SpooledTemporaryFile
from typing import IO

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from config.media import IN_MEMORY_BYTES
from gallery.exceptions import StorageFault
from gallery.models import Photo


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


def store_rendition(photo: Photo, variant: str, content: bytes) -> str:
    """The name that it is stored by. Raises StorageFault."""
    name = f"photos/{photo.folder}/{variant}.webp"
    try:
        return default_storage.save(name, ContentFile(content))
    except Exception as error:  # whatever a bucket's library raises
        raise StorageFault(f"The {variant} could not be stored: {error}") from error
