import logging
import time

from django.core.management.base import BaseCommand
from django.db import DatabaseError, connection
from django.utils import timezone

from gallery.services import Requeued, requeue_photos

logger = logging.getLogger(__name__)


class Command(BaseCommand):
    help = "Send again the photos whose message or worker was lost."

    def add_arguments(self, parser):
        parser.add_argument(
            "--every",
            type=float,
            metavar="SECONDS",
            help="Do not end: do it again and again, with this pause.",
        )

    def handle(self, *, every, **options):
        if every is None:
            report(requeue_photos(now=timezone.now()))
            return
        while True:
            try:
                report(requeue_photos(now=timezone.now()))
            except DatabaseError as error:  # it comes back, and so do we
                logger.warning("Nothing was swept: %s", str(error).strip())
                connection.close()
            time.sleep(every)


def report(requeued: Requeued) -> None:
    if requeued.lost_messages or requeued.lost_runs:
        logger.warning(
            "Sent %s photos again whose message was lost and %s whose worker was.",
            requeued.lost_messages,
            requeued.lost_runs,
        )
