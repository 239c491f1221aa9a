from django.core.management.base import BaseCommand

from accounts.services import fill_groups


class Command(BaseCommand):
    help = "Fill the roles: one group each, with exactly its permissions."

    def handle(self, *, verbosity, **options):
        changes = [change for change in fill_groups() if change.is_change]
        if verbosity and not changes:
            self.stdout.write("The roles are as they should be.")
        for change in changes if verbosity else []:
            marks = [f"+{name}" for name in change.added]
            marks += [f"-{name}" for name in change.removed]
            made = " (new)" if change.is_new else ""
            self.stdout.write(f"{change.name}{made}: {' '.join(marks)}")
