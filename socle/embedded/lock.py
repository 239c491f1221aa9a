"""One run at a time may change the stack."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from socle.embedded.exceptions import LocalError


@contextmanager
def only_one(path: Path) -> Iterator[None]:
    """Raises LocalError when another run is at it. A killed run leaves no lock."""
    with path.open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            lock.seek(0)
            raise LocalError(
                f"Another run (process {lock.read().strip()}) is starting or stopping "
                "this stack. Wait until it is done, then run this again."
            ) from error
        lock.truncate(0)
        lock.write(f"{os.getpid()}\n")
        lock.flush()
        yield
