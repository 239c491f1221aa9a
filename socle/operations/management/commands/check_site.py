from pathlib import Path

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from socle.core.health.results import CheckState
from socle.operations.site_check import (
    SiteSilent,
    facts_of_site,
    facts_of_this_process,
    judge,
    read_warned,
    write_warned,
)

TO_DO = "What to do about it: docker compose exec web python manage.py site_status"


class Command(BaseCommand):
    help = "Fail if something about the site fails, or has warned for a day."
    requires_system_checks = []

    def add_arguments(self, parser):
        parser.add_argument("--url", help="ask this /health/ready, not this process")

    def handle(self, *, url, **options):
        try:
            facts = facts_of_site(url) if url else facts_of_this_process()
        except SiteSilent as error:
            raise CommandError(str(error)) from error
        folder = settings.JOBS_FOLDER
        path = Path(folder) / "check_site.warned" if folder else None
        verdict = judge(facts, warned_since=read_warned(path), now=timezone.now())
        for fact in facts:
            self.stdout.write(f"{fact.name}: {fact.state}. {fact.says}")
        try:
            write_warned(path, verdict.warned_since)
        except OSError as error:
            self.stderr.write(f"How long a warning lasts is not kept: {error}")
        if verdict.failing:
            raise CommandError("\n".join([*map(sentence, verdict.failing), TO_DO]))


def sentence(fact):
    how = "fails" if fact.state == CheckState.FAIL else "has warned for a day"
    return f"{fact.name} {how}: {fact.says}"
