from django.core.management.base import BaseCommand
from django.utils import timezone

from accounts.purge_expired import flush_expired


class Command(BaseCommand):
    help = "Remove expired tokens, sign-ins, invitations and sessions."

    def handle(self, **options):
        counts = flush_expired(now=timezone.now())
        found = [f"{count:,} {name}" for name, count in counts.items() if count]
        words = ", ".join(found) or "nothing had expired"
        self.stdout.write(f"Removed: {words}.")
