"""What is gathered when Prometheus asks: of backups, photos, queues, the site."""

import logging
import time
from collections.abc import Callable, Iterable, Iterator
from functools import partial

from django.utils.module_loading import import_string
from prometheus_client.core import GaugeMetricFamily, Metric

from socle.core.background_calls import BackgroundCall, Questions

logger = logging.getLogger(__name__)
Collector = Callable[[], Iterable[Metric]]
PATIENCE_SECONDS = 5.0


def gather(path: str) -> list[Metric]:
    collector: Collector = import_string(path)
    return list(collector())


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
        self._questions: Questions[list[Metric]] = Questions("metrics")
        self._failed: set[str] = set()

    def collect(self) -> Iterator[Metric]:
        up = GaugeMetricFamily(
            "site_collector_up",
            "1 where these metrics could be gathered, 0 where they are missing.",
            labels=["collector"],
        )
        deadline = time.monotonic() + self._patience_seconds
        asked = [
            (path, self._questions.ask(path, partial(gather, path)))
            for path in self._paths
        ]
        for path, question in asked:
            question.is_over(deadline=deadline)
            yield from question.answer or []
            self._note(path, question)
            up.add_metric([path], float(question.answer is not None))
        yield up

    def _note(self, path: str, question: BackgroundCall[list[Metric]]) -> None:
        """Once, not at each scrape."""
        if question.answer is not None:
            self._failed.discard(path)
        elif path not in self._failed:
            self._failed.add(path)
            words = question.error or "there was no answer in time."
            logger.warning("No metrics come from %s: %s", path, words)
