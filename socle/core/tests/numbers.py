"""What a collector of metrics says, as tests read it."""

from collections.abc import Callable, Iterable

from prometheus_client.core import Metric


def samples(collect: Callable[[], Iterable[Metric]]) -> dict[tuple[str, ...], float]:
    """Each number by its name and the values of its labels."""
    return {
        (sample.name, *sample.labels.values()): sample.value
        for metric in collect()
        for sample in metric.samples
    }
