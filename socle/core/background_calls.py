"""Questions to other services, which may never answer: nothing bounds a DNS server."""

import time
from collections.abc import Callable
from threading import Event, Lock, Thread
from typing import Generic, TypeVar

from django.db import connections

Answer = TypeVar("Answer")


class BackgroundCall(Generic[Answer]):
    """On its way, in a thread of its own: `answer` or `error` is there at the end."""

    def __init__(self, ask: Callable[[], Answer], *, name: str):
        self.began = time.monotonic()
        self.answer: Answer | None = None
        self.error: Exception | None = None
        self._over = Event()
        Thread(
            target=self._run,
            args=(ask,),
            name=name,
            daemon=True,  # one that hangs keeps no process from ending
        ).start()

    def is_over(self, *, deadline: float = float("-inf")) -> bool:
        """By `deadline` of the monotonic clock, which is waited for; or now."""
        return self._over.wait(max(0.0, deadline - time.monotonic()))

    def _run(self, ask: Callable[[], Answer]) -> None:
        try:
            self.answer = ask()
        except Exception as error:  # for whoever asked
            self.error = error
        finally:
            connections.close_all()  # this thread's own
            self._over.set()


class Questions(Generic[Answer]):
    """Each by its name: one that hangs is not asked a second time meanwhile."""

    def __init__(self, prefix: str):
        self._prefix = prefix
        self._under_way: dict[str, BackgroundCall[Answer]] = {}
        self._lock = Lock()

    def ask(self, name: str, ask: Callable[[], Answer]) -> BackgroundCall[Answer]:
        with self._lock:
            question = self._under_way.get(name)
            if question is None or question.is_over():
                question = BackgroundCall(ask, name=f"{self._prefix}-{name}")
                self._under_way[name] = question
            return question
