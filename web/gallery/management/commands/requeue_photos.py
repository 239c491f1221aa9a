import logging
import time

from django.core.management.base import BaseCommand
from django.db import DatabaseError, connection
from django.utils import timezone

from gallery.backfill import look_for_locations
from gallery.services import Requeued, requeue_photos
from gallery.sweeping import SweptFiles, requeue_files, sweep_files

logger = logging.getLogger(__name__)

SWEEP_EVERY_SECONDS = 60 * 60
LOOK_FOR_SECONDS = 20  # cron comes each minute


class Command(BaseCommand):
    help = "Send again the photos, zips and downloads whose message or worker was lost."

    def add_arguments(self, parser):
        parser.add_argument(
            "--every",
            type=float,
            metavar="SECONDS",
            help="Do not end: do it again and again, with this pause, and sweep_files "
            "each hour.",
        )

    def handle(self, *, every, **options):
        if every is None:
            requeue()
            return
        next_sweep = time.monotonic()
        while True:
            try:
                requeue()
                if time.monotonic() >= next_sweep:
                    next_sweep = time.monotonic() + SWEEP_EVERY_SECONDS
                    report_swept(sweep_files(now=timezone.now()))
            except DatabaseError as error:  # it comes back, and so do we
                logger.warning("Nothing was swept: %s", str(error).strip())
                connection.close()
            time.sleep(every)


def requeue() -> None:
    now = timezone.now()
    report(requeue_photos(now=now), things="photos")
    report(requeue_files(now=now), things="uploads and downloads")
    if count := look_for_locations(seconds=LOOK_FOR_SECONDS):
        logger.info("Asked %s photos of before where they were taken.", count)


def report(requeued: Requeued, *, things: str) -> None:
    if requeued.lost_messages or requeued.lost_runs:
        logger.warning(
            "Sent %s %s again whose message was lost and %s whose worker was.",
            requeued.lost_messages,
            things,
            requeued.lost_runs,
        )


def report_swept(swept: SweptFiles) -> None:
    if swept.anything:
        logger.info("Swept %s.", swept)
