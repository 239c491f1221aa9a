"""Files of a backup that lie in the live folder already."""

import hashlib
import os
import stat
from io import RawIOBase
from pathlib import Path

from socle.backups.format.media_manifest import PIECE_BYTES, MediaFile


def copied(file: MediaFile, *, live: Path, target: Path) -> bool:
    """
    Whether `target` is `file` now, read from the live folder and proven by its sha256:
    most of what a restore brings back is there, and nearer than the store. A copy, no
    hard link: whoever writes into the live file must not write into the restored one.

    Raises OSError when `target` cannot be written.
    """
    if not file.sha256:
        return False
    number = _opened(live / file.path, size_bytes=file.size_bytes)
    if number is None:
        return False
    sha256 = hashlib.sha256()
    buffer = memoryview(bytearray(min(PIECE_BYTES, file.size_bytes + 1)))
    with os.fdopen(number, "rb", buffering=0) as source, target.open("xb") as copy:
        while piece := _read_into(buffer, source):
            sha256.update(piece)
            copy.write(piece)
    if sha256.hexdigest() == file.sha256:
        return True
    target.unlink()
    return False


def _read_into(buffer: memoryview, source: RawIOBase) -> memoryview:
    """A disk that cannot give a file back is no reason to stop: the store can."""
    try:
        return buffer[: source.readinto(buffer)]
    except OSError:
        return buffer[:0]


def _opened(path: Path, *, size_bytes: int) -> int | None:
    """None for anything that cannot be it: then it is fetched."""
    try:
        number = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return None
    found = os.fstat(number)
    if stat.S_ISREG(found.st_mode) and found.st_size == size_bytes:
        return number
    os.close(number)
    return None
