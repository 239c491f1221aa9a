"""pg_dump and pg_restore at the two ends of a compressed, hashed stream."""

import fcntl
import subprocess
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from threading import Thread
from typing import IO

import zstandard

from backups.compression import CompressingWriter
from backups.exceptions import DumpFailed, ObjectDamaged, RestoreFailed
from backups.postgres import MAINTENANCE, Database
from backups.progress import Progress
from backups.stores import Reader, Writer

PIECE_BYTES = 1 << 20
LAST_LINES = 20
OPEN_FILES = "/proc/self/fd"
DUMPING = "Dumping the database"
RESTORING = "Restoring the database"
STOP_SECONDS = 2


class Tool:
    """A child process whose complaints are kept: its last lines, however many."""

    def __init__(
        self,
        argv: list[str],
        *,
        database: Database,
        reads: bool,
        files: tuple[int, ...] = (),
    ):
        self.name = argv[0].rpartition("/")[2]
        self._lines: deque[str] = deque(maxlen=LAST_LINES)
        self.process = subprocess.Popen(
            [database.tool(argv[0]), *argv[1:]],
            env=database.tool_environment(),
            stdin=subprocess.PIPE if reads else subprocess.DEVNULL,
            stdout=subprocess.DEVNULL if reads else subprocess.PIPE,
            stderr=subprocess.PIPE,
            pass_fds=files,
        )
        _widen(self.process.stdin or self.process.stdout)
        self._listener = Thread(target=self._listen, daemon=True)
        self._listener.start()

    def _listen(self) -> None:
        # Closed by its reader: closing a pipe under one would wait for ever.
        with pipe(self.process.stderr) as complaints:
            for line in complaints:
                self._lines.append(line.decode(errors="replace").rstrip())

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
) -> Iterator[Tool]:
    tool = Tool(argv, database=database, reads=reads, files=files)
    try:
        yield tool
    finally:
        tool.stop()


def dump_database(
    database: Database, *, snapshot_id: str, target: Writer, progress: Progress
) -> int:
    """
    Write the database as seen by `snapshot_id` into `target`, zstd around pg_dump's
    custom format. Returns its size in bytes before compression.

    Raises DumpFailed. The caller must then not let `target` become an object: so it
    is called inside the store's `with`.
    """
    # Not all builds of pg_dump have zstd, so it is compressed here.
    argv = ["pg_dump", "--format=custom", "--compress=none", "--no-password"]
    argv.append(f"--snapshot={snapshot_id}")
    compressed = CompressingWriter(target)
    size_bytes = 0
    with running(argv, database=database, reads=False) as tool:
        while piece := pipe(tool.process.stdout).read(PIECE_BYTES):
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


def load_dump(database: Database, *, source: Reader, progress: Progress) -> None:
    """
    Restore a dump that `dump_database` wrote into the empty `database`.

    Raises RestoreFailed, or ObjectDamaged for a stream that is not zstd.
    """
    with running(_pg_restore(database), database=database, reads=True) as tool:
        target = pipe(tool.process.stdin)
        try:
            with target:
                unpack(source, target=target, step=RESTORING, progress=progress)
        except BrokenPipeError:
            pass  # pg_restore gave up; its own words say why
        _check(tool, database=database)


def load_dump_file(
    database: Database, *, file: IO[bytes], jobs: int, progress: Progress
) -> None:
    """
    Restore an unpacked dump with `jobs` processes, each of which opens it anew by its
    number: the file needs no name, so nothing is left of it when we are killed.

    Raises RestoreFailed.
    """
    argv = [*_pg_restore(database), f"--jobs={jobs}", f"{OPEN_FILES}/{file.fileno()}"]
    with running(argv, database=database, reads=False, files=(file.fileno(),)) as tool:
        with pipe(tool.process.stdout), _sized(database) as size_bytes:
            while not _has_ended(tool, within_seconds=1):
                progress.moved(RESTORING, size_bytes=size_bytes())
        _check(tool, database=database)


def unpack(source: Reader, *, target: Writer, step: str, progress: Progress) -> None:
    """Write what `source` holds compressed. Raises ObjectDamaged."""
    size_bytes = 0
    decompressor = zstandard.ZstdDecompressor()
    try:
        with decompressor.stream_reader(source, closefd=False) as plain:  # type: ignore[arg-type]
            while piece := plain.read(PIECE_BYTES):
                target.write(piece)
                size_bytes += len(piece)
                progress.moved(step, size_bytes=size_bytes)
    except zstandard.ZstdError as error:
        raise ObjectDamaged(
            f"The dump is damaged: {error}. Restore another backup: "
            "./google_storage.sh -l"
        ) from error


def _pg_restore(database: Database) -> list[str]:
    argv = ["pg_restore", "--exit-on-error", "--no-owner", "--no-password"]
    return [*argv, f"--dbname={database.tool_target()}"]


def _check(tool: Tool, *, database: Database) -> None:
    if tool.wait() != 0:
        raise RestoreFailed(
            f"The dump could not be restored into {database.name}: {tool.complaint()}"
        )


def _has_ended(tool: Tool, *, within_seconds: float) -> bool:
    try:
        tool.process.wait(timeout=within_seconds)
    except subprocess.TimeoutExpired:
        return False
    return True


@contextmanager
def _sized(database: Database) -> Iterator[Callable[[], int]]:
    """Yields a function: how large `database` is now, in bytes."""
    with (
        database.named(MAINTENANCE).connect(purpose="restore") as connection,
        connection.cursor() as cursor,
    ):

        def size_bytes() -> int:
            cursor.execute("SELECT pg_database_size(%s)", (database.name,))
            return int(cursor.fetchone()[0])

        yield size_bytes


def _widen(stream: IO[bytes] | None) -> None:
    """So that the tool goes on while we compress and send. Else it waits, and works."""
    with suppress(OSError):  # this user's pipes have all the memory they may have
        fcntl.fcntl(pipe(stream), fcntl.F_SETPIPE_SZ, PIECE_BYTES)


def pipe(stream: IO[bytes] | None) -> IO[bytes]:
    if stream is None:
        raise ValueError("The process was started without this pipe.")
    return stream
