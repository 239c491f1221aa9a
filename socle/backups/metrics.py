"""Numbers about backups, as this site remembers them: the store is not asked."""

from collections.abc import Iterator

from django.conf import settings
from prometheus_client.core import GaugeMetricFamily, Metric

from socle.backups.models import Run
from socle.backups.runs.freshness import age_of_newest_backup

# Of a backup, by the names that they have in Run.numbers.
SIZES = {
    "database_bytes": "database",
    "uncompressed_bytes": "database_uncompressed",
    "media_bytes": "media",
    "new_bytes": "sent",  # what this night cost
}


def collect() -> Iterator[Metric]:
    yield from _age()
    yield from _runs()
    newest = Run.objects.complete_backups().first()
    if newest is not None:
        yield _sizes(newest)


def _age() -> Iterator[Metric]:
    age = age_of_newest_backup()
    if age.newest is not None:
        yield GaugeMetricFamily(
            "backup_newest_timestamp_seconds",
            "When the newest complete backup began.",
            value=age.newest.timestamp(),
        )
    yield GaugeMetricFamily(
        "backup_counted_from_timestamp_seconds",
        "The newest backup, or what stands for it before the first night.",
        value=age.counted_from.timestamp(),
    )
    yield GaugeMetricFamily(
        "backup_max_age_seconds",
        "An older newest backup is too old; 0 where no age is.",
        value=settings.BACKUP_MAX_AGE_HOURS * 3600,
    )


def _runs() -> Iterator[Metric]:
    succeeded = GaugeMetricFamily(
        "backup_run_succeeded",
        "1 where the last run of this kind succeeded, 0 where it failed.",
        labels=["kind"],
    )
    ended = GaugeMetricFamily(
        "backup_run_timestamp_seconds", "When it began.", labels=["kind"]
    )
    seconds = GaugeMetricFamily(
        "backup_run_duration_seconds", "How long it took.", labels=["kind"]
    )
    for kind in (Run.Kind.BACKUP, Run.Kind.DRILL, Run.Kind.RESTORE):
        runs = Run.objects.of_kind(kind).exclude(outcome=Run.Outcome.RUNNING)
        last = runs.first()
        if last is None:
            continue
        succeeded.add_metric([kind], float(last.outcome == Run.Outcome.DONE))
        ended.add_metric([kind], last.started_at.timestamp())
        if last.seconds is not None:
            seconds.add_metric([kind], last.seconds)
    yield from (succeeded, ended, seconds)


def _sizes(newest: Run) -> Metric:
    sizes = GaugeMetricFamily(
        "backup_size_bytes", "Of the newest complete backup.", labels=["part"]
    )
    for name, part in SIZES.items():
        if name in newest.numbers:
            sizes.add_metric([part], newest.numbers[name])
    return sizes
