"""The library pulls and pushes whole streams: here they are written and read."""

import os
from collections.abc import Callable
from contextlib import suppress
from threading import Thread
from typing import IO, Any


class Remembering:
    """The library replaces every exception with its own: the real one is kept."""

    def __init__(
        self,
        *,
        read: Callable[[int], bytes] | None = None,
        write: Callable[[bytes], int] | None = None,
    ):
        self._read, self._write = read, write
        self.error: BaseException | None = None

    def read(self, size: int = -1) -> bytes:
        return bytes(self._kept(self._read, size))

    def write(self, data: bytes) -> int:
        self._kept(self._write, data)
        return len(data)

    def flush(self) -> None:
        """A store's stream has none."""

    def _kept(self, work: Any, argument: Any) -> Any:
        try:
            return work(argument)
        except BaseException as error:
            self.error = error
            raise


class _Piped:
    """`work` in a thread at the other end of a pipe. Nothing outlives the block."""

    def __init__(self, work: Callable[[IO[bytes]], None], *, ours: str):
        reads, writes = os.pipe()
        read_file, write_file = os.fdopen(reads, "rb"), os.fdopen(writes, "wb")
        self._ours: IO[bytes]
        self._theirs: IO[bytes]
        if ours == "read":
            self._ours, self._theirs = read_file, write_file
        else:
            self._ours, self._theirs = write_file, read_file
        self._failure: BaseException | None = None
        self._thread = Thread(target=self._run, args=(work,), daemon=True)
        self._thread.start()

    def _run(self, work: Callable[[IO[bytes]], None]) -> None:
        try:
            work(self._theirs)
        except BaseException as error:
            self._failure = error
        finally:
            with suppress(BrokenPipeError):  # nobody wants the rest
                self._theirs.close()

    def _end(self) -> None:
        with suppress(BrokenPipeError):  # the other end has failed; its error is kept
            self._ours.close()
        self._thread.join()

    def __enter__(self) -> Any:
        return self

    def __exit__(self, *error: object) -> None:
        self._end()


class Target(_Piped):
    """A Writer; `work` reads what is written and puts its result into `sink`."""

    def __init__(self, work: Callable[[IO[bytes]], None], *, sink: Remembering):
        super().__init__(work, ours="write")
        self._sink = sink

    def write(self, data: bytes) -> int:
        try:
            return self._ours.write(data)
        except BrokenPipeError:
            self.finish()
            raise

    def finish(self) -> None:
        """The end of what is written. Raises what `work` or the sink raised."""
        self._end()
        if failure := self._sink.error or self._failure:
            raise failure


class Source(_Piped):
    """A Reader of what `work` writes, which reads from `origin`."""

    def __init__(
        self,
        work: Callable[[IO[bytes]], None],
        *,
        origin: Remembering,
        damaged: Callable[[BaseException], Exception],
    ):
        super().__init__(work, ours="read")
        self._origin = origin
        self._damaged = damaged

    def read(self, size: int = -1) -> bytes:
        data = self._ours.read(size)
        if size < 0 or len(data) < size:
            self._thread.join()  # it has closed its end
            if self._origin.error:
                raise self._origin.error
            if self._failure:
                raise self._damaged(self._failure) from self._failure
        return data
