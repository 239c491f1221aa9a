from pathlib import Path

from django.core.management.base import CommandError
from django.utils import timezone

from socle.backups.management.base import FAILED, BackupCommand
from socle.backups.runs.freshness import age_of_newest_backup


class Command(BackupCommand):
    help = "Say how old the newest backup is; exit status 1 if it is too old."

    def add_arguments(self, parser):
        parser.add_argument(
            "--write",
            type=Path,
            metavar="FILE",
            help="instead, write down when it will be too old: seconds since 1970 "
            "and a sentence, for the health check of cron",
        )

    def handle(self, *, write, **options):
        age = age_of_newest_backup()
        now = timezone.now()
        if write:
            write_deadline(age, path=write)
        elif age.is_overdue(now):
            raise CommandError(age.sentence(now), returncode=FAILED)
        else:
            self.stdout.write(age.sentence(now))


def write_deadline(age, *, path):
    if age.overdue_at is None:
        path.unlink(missing_ok=True)
        return
    new = path.with_name(f"{path.name}.new")
    seconds = int(age.overdue_at.timestamp())
    new.write_text(f"{seconds} {age.sentence(age.overdue_at)}\n")
    new.replace(path)  # whoever reads it never sees half of it
