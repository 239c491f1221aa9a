"""What is gathered when Prometheus asks: of backups, photos, queues, the site."""

import logging
import time
from collections.abc import Callable, Iterable, Iterator
from threading import Event, Thread

from django.db import connections
from django.utils.module_loading import import_string
from prometheus_client.core import GaugeMetricFamily, Metric

logger = logging.getLogger(__name__)
Collector = Callable[[], Iterable[Metric]]
PATIENCE_SECONDS = 5.0


class Asking:
    """One collector on its way, in a thread of its own."""

    def __init__(self, path: str):
        self.path = path
        self.done = Event()
        self.metrics: list[Metric] | None = None
        self.error: Exception | None = None
        Thread(target=self._run, name=f"metrics-{path}", daemon=True).start()

    def _run(self) -> None:
        try:
            collector: Collector = import_string(self.path)
            self.metrics = list(collector())
        except Exception as error:  # said by site_collector_up
            self.error = error
        finally:
            connections.close_all()  # this thread's own
            self.done.set()


class SiteCollector:
    """
    For a registry: all metrics of `paths` that come within the time for all of them.

    One that fails or hangs costs the others nothing, and is not asked a second time
    while it hangs.
    """

    def __init__(
        self, paths: Iterable[str], *, patience_seconds: float = PATIENCE_SECONDS
    ):
        self._paths = list(paths)
        self._patience_seconds = patience_seconds
        self._asked: dict[str, Asking] = {}
        self._failed: set[str] = set()

    def collect(self) -> Iterator[Metric]:
        up = GaugeMetricFamily(
            "site_collector_up",
            "1 where these metrics could be gathered, 0 where they are missing.",
            labels=["collector"],
        )
        deadline = time.monotonic() + self._patience_seconds
        for asked in [self._ask(path) for path in self._paths]:
            asked.done.wait(max(0.0, deadline - time.monotonic()))
            yield from asked.metrics or []
            self._note(asked)
            up.add_metric([asked.path], float(asked.metrics is not None))
        yield up

    def _ask(self, path: str) -> Asking:
        asked = self._asked.get(path)
        if asked is None or asked.done.is_set():
            asked = self._asked[path] = Asking(path)
        return asked

    def _note(self, asked: Asking) -> None:
        """Once, not at each scrape."""
        if asked.metrics is not None:
            self._failed.discard(asked.path)
        elif asked.path not in self._failed:
            self._failed.add(asked.path)
            words = asked.error or "there was no answer in time."
            logger.warning("No metrics come from %s: %s", asked.path, words)
