from django.core.management.base import BaseCommand
from django.utils import timezone

from gallery.sweeping import sweep_files


class Command(BaseCommand):
    help = "Delete abandoned uploads, old zips of galleries and what crashes left."

    def handle(self, **options):
        self.stdout.write(f"Swept {sweep_files(now=timezone.now())}.")
