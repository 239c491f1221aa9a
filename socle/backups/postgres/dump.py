"""pg_dump at the beginning of a compressed, hashed stream; its tools as children."""

import fcntl
import os
import subprocess
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from threading import Thread
from typing import IO

from socle.backups.exceptions import DumpFailed
from socle.backups.format.compression import CompressingWriter
from socle.backups.postgres.connection import Database
from socle.backups.progress import Progress
from socle.backups.stores import Writer

PIECE_BYTES = 1 << 20
PAGE_BYTES = 4096
LAST_LINES = 20
DUMPING = "Dumping the database"
STOP_SECONDS = 2
LOCK_WAIT_SECONDS = 300


class Tool:
    """A child process whose complaints are kept: its last lines, however many."""

    def __init__(
        self,
        argv: list[str],
        *,
        database: Database,
        reads: bool,
        files: tuple[int, ...] = (),
        heard: Callable[[str], None] = lambda line: None,
    ):
        self.name = argv[0].rpartition("/")[2]
        self._heard = heard
        self._lines: deque[str] = deque(maxlen=LAST_LINES)
        self.process = subprocess.Popen(
            [database.tool(argv[0]), *argv[1:]],
            env=database.tool_environment(),
            stdin=subprocess.PIPE if reads else subprocess.DEVNULL,
            stdout=subprocess.DEVNULL if reads else subprocess.PIPE,
            stderr=subprocess.PIPE,
            pass_fds=files,
        )
        if reads:
            # So that we go on while it works.
            _resize(self.process.stdin, PIECE_BYTES)
        self._listener = Thread(target=self._listen, daemon=True)
        self._listener.start()

    def _listen(self) -> None:
        # Closed by its reader: closing a pipe under one would wait for ever.
        with pipe(self.process.stderr) as complaints:
            for line in complaints:
                words = line.decode(errors="replace").rstrip()
                self._lines.append(words)
                self._heard(words)

    def wait(self) -> int:
        status = self.process.wait()
        self._listener.join()
        return status

    def complaint(self) -> str:
        status = self.wait()
        ended = f"ended with {status}" if status >= 0 else f"was killed ({-status})"
        words = " ".join(self._lines) or "It gave no reason."
        return f"{self.name} {ended}. {words}"

    def stop(self) -> None:
        """Nothing outlives the block that started it."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        for stream in (self.process.stdin, self.process.stdout):
            if stream is not None:
                with suppress(BrokenPipeError):  # what is left to write has no reader
                    stream.close()
        # No longer: a child of the tool's own (of a wrapper script) may outlive it
        # with the pipe of the complaints in its hands.
        self._listener.join(timeout=STOP_SECONDS)


@contextmanager
def running(
    argv: list[str],
    *,
    database: Database,
    reads: bool,
    files: tuple[int, ...] = (),
    heard: Callable[[str], None] = lambda line: None,
) -> Iterator[Tool]:
    """heard: is told each line of its complaints, by another thread."""
    tool = Tool(argv, database=database, reads=reads, files=files, heard=heard)
    try:
        yield tool
    finally:
        tool.stop()


def dump_database(
    database: Database,
    *,
    snapshot_id: str,
    target: Writer,
    progress: Progress,
    when_locked: Callable[[], None] = lambda: None,
) -> int:
    """
    Write the database as seen by `snapshot_id` into `target`, zstd around pg_dump's
    custom format. Returns its size in bytes before compression.

    when_locked: is called when pg_dump holds the locks of all that it dumps. It keeps
        them meanwhile if its table of contents is larger than a pipe of one page.

    Raises DumpFailed. The caller must then not let `target` become an object: so it
    is called inside the store's `with`.
    """
    # Not all builds of pg_dump have zstd, so it is compressed here.
    argv = ["pg_dump", "--format=custom", "--compress=none", "--no-password"]
    argv.append(f"--snapshot={snapshot_id}")
    # What waits behind the rows' count, in our other session, would wait for ever.
    argv.append(f"--lock-wait-timeout={LOCK_WAIT_SECONDS}s")
    compressed = CompressingWriter(target)
    size_bytes = 0
    with running(argv, database=database, reads=False) as tool:
        for piece in _pieces(pipe(tool.process.stdout), when_locked=when_locked):
            compressed.write(piece)
            size_bytes += len(piece)
            progress.moved(DUMPING, size_bytes=size_bytes)
        if tool.wait() != 0:
            raise DumpFailed(
                f"The database {database.name} could not be dumped: {tool.complaint()} "
                "Nothing was stored. When it is corrected, run: ./google_storage.sh -b"
            )
    compressed.finish()
    return size_bytes


def _pieces(source: IO[bytes], *, when_locked: Callable[[], None]) -> Iterator[bytes]:
    _resize(source, PAGE_BYTES)
    # It writes nothing before it has locked everything and read the catalogue.
    piece = os.read(source.fileno(), PAGE_BYTES)
    if piece:
        when_locked()
    _resize(source, PIECE_BYTES)
    while piece:
        yield piece
        piece = source.read(PIECE_BYTES)


def _resize(stream: IO[bytes] | None, size_bytes: int) -> None:
    """A wide pipe lets one side go on while the other compresses, sends or works."""
    with suppress(OSError):  # this user's pipes have all the memory they may have
        fcntl.fcntl(pipe(stream), fcntl.F_SETPIPE_SZ, size_bytes)


def pipe(stream: IO[bytes] | None) -> IO[bytes]:
    if stream is None:
        raise ValueError("The process was started without this pipe.")
    return stream
