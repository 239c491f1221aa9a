"""Work in a few threads at a time."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from threading import Condition
from typing import TypeVar

THREADS = 8

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
    pool = ThreadPoolExecutor(threads, thread_name_prefix="backups")
    waiting: deque[Future[After]] = deque()
    try:
        for item in items:
            if (result := ready(item)) is not None:
                waiting.append(Future())
                waiting[-1].set_result(result)
            else:
                waiting.append(pool.submit(work, item))
            if len(waiting) >= 4 * threads:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)


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
