"""Numbers about photos and uploads."""

from collections.abc import Iterator

from django.db.models import Count, F, Sum
from prometheus_client.core import GaugeMetricFamily, Metric

from gallery.models import Photo, Upload


def collect() -> Iterator[Metric]:
    photos = GaugeMetricFamily(
        "gallery_photos", "Photos, by how far they are.", labels=["state"]
    )
    for state, count in _counts(Photo):
        photos.add_metric([state], count)
    uploads = GaugeMetricFamily(
        "gallery_uploads", "Uploads that are kept, by state.", labels=["state"]
    )
    for state, count in _counts(Upload):
        uploads.add_metric([state], count)
    running = Upload.objects.running()
    missing = running.aggregate(sum=Sum(F("size_bytes") - F("received_bytes")))["sum"]
    yield photos
    yield uploads
    yield GaugeMetricFamily(
        "gallery_uploads_in_progress",
        "Uploads that have neither ended nor failed.",
        value=running.count(),
    )
    yield GaugeMetricFamily(
        "gallery_uploads_missing_bytes",
        "What of them has not come yet.",
        value=missing or 0,
    )


def _counts(model: type[Photo] | type[Upload]) -> list[tuple[str, int]]:
    """Of each state, also of those that nothing is in: a graph wants its zero."""
    found = model.objects.order_by().values_list("state").annotate(n=Count("pk"))
    counts = dict.fromkeys(model.State.values, 0) | dict(found)
    return list(counts.items())
