"""An archive of pg_dump, and the passes of pg_restore over it."""

import re
import subprocess
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO

from socle.backups.exceptions import RestoreFailed
from socle.backups.postgres.connection import MAINTENANCE, Database
from socle.backups.postgres.dump import Tool, pipe, running
from socle.backups.progress import Progress

RESTORING = "Restoring the database"
ERRORS_IGNORED = "errors ignored on restore"  # its last words, if it came that far
LISTING = ["pg_restore", "--list"]
HEAD_BYTES = 4 << 20
EMPTY_SEARCH_PATH = b"SELECT pg_catalog.set_config('search_path', '', false);"
OWN_SEARCH_PATH = b"RESET search_path;".ljust(len(EMPTY_SEARCH_PATH))
# Between what it writes for people before an entry, and at the end.
_STATEMENT = re.compile(
    r"\n--\n-- Name: [^\n]*\n--\n(.*)\n--\n-- PostgreSQL database dump complete",
    re.DOTALL,
)
# Another process opens them anew: a file needs no name then, and nothing is left of it
# when we are killed. (On a Mac it shares our position.)
PROC_FILES = Path("/proc/self/fd")
OPEN_FILES = PROC_FILES if PROC_FILES.is_dir() else Path("/dev/fd")


@dataclass(frozen=True)
class Pass:
    """One run of pg_restore over an archive."""

    options: tuple[str, ...] = ()
    entries: tuple[str, ...] | None = None
    """Lines of the table of contents; None for all."""
    jobs: int = 1
    stops_at_errors: bool = True
    has_data: bool = True


@dataclass(frozen=True)
class Archive:
    """
    file: holds the whole archive, or at least its table of contents.
    source: opens the rest of it, where there is no room for all on this machine.
    """

    file: IO[bytes]
    progress: Progress
    source: Callable[[], Iterator[bytes]] | None = None

    def entries(self, database: Database) -> list[str]:
        """The lines of its table of contents, in the order of a restore."""
        listed = self._output(database, LISTING)
        return [line for line in listed.split("\n") if line and line[0] != ";"]

    def sql(self, database: Database, entry: str) -> str:
        """What pg_restore would run for it, without the settings that come first."""
        with _list_of([entry]) as listed:
            argv = ["pg_restore", "--file=-", "--no-owner"]
            argv.append(f"--use-list={_path(listed)}")
            text = self._output(database, argv, files=(listed.fileno(),))
        found = _STATEMENT.search(text)
        if found is None:
            raise RestoreFailed(f"The dump holds no statement for its entry {entry}.")
        return found[1].strip()

    def keep_search_path(self) -> None:
        """
        From here on its passes run with the session's own search_path, and not with
        an empty one: the statement that empties it is exchanged for one as long.
        """
        self.file.seek(0)
        at = self.file.read(HEAD_BYTES).find(EMPTY_SEARCH_PATH)
        if at >= 0:
            self.file.seek(at)
            self.file.write(OWN_SEARCH_PATH)
            self.file.flush()

    def restore(
        self,
        database: Database,
        how: Pass,
        *,
        heard: Callable[[str], None] = lambda line: None,
    ) -> None:
        """
        heard: is told each line that pg_restore complains.

        Raises RestoreFailed (not for what went wrong in single entries, where the pass
        does not stop at errors), ObjectDamaged.
        """
        with _list_of(how.entries or ()) as listed:
            argv = _pg_restore(database, how)
            files: tuple[int, ...] = ()
            if how.entries is not None:
                argv.append(f"--use-list={_path(listed)}")
                files = (listed.fileno(),)
            work = _Work(database, argv, files, heard)
            if self.source is not None and how.has_data:
                self._stream(work)
            else:
                self._run(work, jobs=how.jobs, stops=how.stops_at_errors)

    def _run(self, work: "_Work", *, jobs: int, stops: bool) -> None:
        self.file.seek(0)
        options = [f"--jobs={jobs}"] if jobs > 1 else []
        work = replace(
            work,
            argv=[*work.argv, *options, _path(self.file)],
            files=(*work.files, self.file.fileno()),
        )
        with work.running(reads=False) as tool:
            with pipe(tool.process.stdout), _sized(work.database) as size_bytes:
                while not _has_ended(tool, within_seconds=1):
                    self.progress.moved(RESTORING, size_bytes=size_bytes())
            _check(tool, database=work.database, may_have_errors=not stops)

    def _stream(self, work: "_Work") -> None:
        size_bytes = 0
        with work.running(reads=True) as tool:
            target = pipe(tool.process.stdin)
            # Where it gave up, its own words say why.
            with suppress(BrokenPipeError), target:
                for piece in self.source():  # type: ignore[misc]
                    target.write(piece)
                    size_bytes += len(piece)
                    self.progress.moved(RESTORING, size_bytes=size_bytes)
            _check(tool, database=work.database)

    def _output(
        self, database: Database, argv: list[str], *, files: tuple[int, ...] = ()
    ) -> str:
        self.file.seek(0)
        done = subprocess.run(
            [database.tool(argv[0]), *argv[1:], _path(self.file)],
            env=database.tool_environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            pass_fds=(self.file.fileno(), *files),
        )
        if done.returncode != 0:
            words = " ".join(done.stderr.decode(errors="replace").split())
            raise RestoreFailed(f"The dump cannot be read: {words}")
        return done.stdout.decode(errors="surrogateescape")


@dataclass(frozen=True)
class _Work:
    database: Database
    argv: list[str]
    files: tuple[int, ...]
    heard: Callable[[str], None]

    @contextmanager
    def running(self, *, reads: bool) -> Iterator[Tool]:
        with running(
            self.argv,
            database=self.database,
            reads=reads,
            files=self.files,
            heard=self.heard,
        ) as tool:
            yield tool


@contextmanager
def _list_of(entries: Iterable[str]) -> Iterator[IO[bytes]]:
    with TemporaryFile() as file:
        for line in entries:
            file.write(line.encode(errors="surrogateescape") + b"\n")
        file.flush()
        file.seek(0)
        yield file


def _path(file: IO[bytes]) -> str:
    return f"{OPEN_FILES}/{file.fileno()}"


def _pg_restore(database: Database, how: Pass) -> list[str]:
    argv = ["pg_restore", "--no-owner", "--no-password", *how.options]
    # It tells which entries failed, when it goes on, only if it tells everything.
    argv.append("--exit-on-error" if how.stops_at_errors else "--verbose")
    return [*argv, f"--dbname={database.tool_target()}"]


def _check(tool: Tool, *, database: Database, may_have_errors: bool = False) -> None:
    if tool.wait() == 0 or (may_have_errors and ERRORS_IGNORED in tool.complaint()):
        return
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
