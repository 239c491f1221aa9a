"""Work in a few threads at a time."""

import ctypes
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from threading import Condition
from typing import Generic, TypeVar

THREADS = 8
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3  # of malloc.h
LARGE_BYTES = 1 << 20
KEPT_BYTES = 4 << 20

Before = TypeVar("Before")
After = TypeVar("After")


def map_in_threads(
    work: Callable[[Before], After],
    items: Iterable[Before],
    *,
    threads: int,
    ready: Callable[[Before], After | None] = lambda item: None,
) -> Iterator[After]:
    """
    Like map, in `threads` threads and in order, with only a few items under way.

    ready: an item's result where that takes no waiting, found without a thread.

    The first exception ends it; what has not begun by then is left.
    """
    give_freed_memory_back()
    pool = ThreadPoolExecutor(threads, thread_name_prefix="backups")
    waiting: deque[Future[After] | Ready[After]] = deque()
    try:
        for item in items:
            if (result := ready(item)) is not None:
                waiting.append(Ready(result))
            else:
                waiting.append(pool.submit(work, item))
            if len(waiting) >= 4 * threads:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)


class Ready(Generic[After]):
    """What a Future is, without its locks."""

    def __init__(self, result: After):
        self._result = result

    def result(self) -> After:
        return self._result


def give_freed_memory_back() -> None:
    """
    glibc learns from large pieces that were freed to keep the next ones, in each thread
    apart: 100 MB with eight threads. A threshold that is set is not learned any more.
    What is set is more than a photo needs: a piece that is given back each time costs
    a tenth of all the work.
    """
    with suppress(AttributeError, OSError):  # another library
        library = ctypes.CDLL(None)
        library.mallopt(M_MMAP_THRESHOLD, LARGE_BYTES)
        library.mallopt(M_TRIM_THRESHOLD, KEPT_BYTES)


class Budget:
    """Lets threads hold only so many bytes in memory together."""

    def __init__(self, size_bytes: int):
        self._size_bytes = self._left = size_bytes
        self._changed = Condition()

    @contextmanager
    def of(self, size_bytes: int) -> Iterator[None]:
        """Waits for its share; whoever wants more than there is gets all, alone."""
        share = min(size_bytes, self._size_bytes)
        with self._changed:
            self._changed.wait_for(lambda: share <= self._left)
            self._left -= share
        try:
            yield
        finally:
            with self._changed:
                self._left += share
                self._changed.notify_all()


class OneAtATime:
    """Lets only one thread at a time work on the same name."""

    def __init__(self) -> None:
        self._busy: set[str] = set()
        self._changed = Condition()

    @contextmanager
    def on(self, name: str) -> Iterator[None]:
        with self._changed:
            self._changed.wait_for(lambda: name not in self._busy)
            self._busy.add(name)
        try:
            yield
        finally:
            with self._changed:
                self._busy.remove(name)
                self._changed.notify_all()
