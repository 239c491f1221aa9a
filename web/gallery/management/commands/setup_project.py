import os

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from gallery.demo.fill import fill_site


class Command(BaseCommand):
    help = (
        "Fill the site with people of each role, galleries and photos, to try it out. "
        "Passwords are made and printed once, or taken from $DEMO_PASSWORD."
    )

    def handle(self, *, verbosity, **options):
        if settings.ENVIRONMENT == "prod":
            raise CommandError(
                "This is PROD (ENVIRONMENT=prod): people with known addresses and "
                "drawn photos have no place here. Nothing was changed. Make the first "
                "administrator with: python manage.py create_admin --email YOU@EXAMPLE"
            )
        password = os.environ.get("DEMO_PASSWORD", "")
        try:
            made = fill_site(password=password, tell=self.stdout.write)
        except ValidationError as error:
            reasons = " ".join(error.messages)
            raise CommandError(f"DEMO_PASSWORD cannot be taken: {reasons}") from error
        self.report(made, told_password=bool(password))

    def report(self, made, *, told_password):
        if not made.is_change:
            self.stdout.write("Everything is there already; nothing was changed.")
            return
        for address, password in made.passwords.items():
            shown = "as in DEMO_PASSWORD" if told_password else password
            self.stdout.write(f"{address:28} {shown}")
        self.stdout.write(
            f"Made {len(made.passwords)} people, {made.galleries} galleries and "
            f"{made.photos} photos; the workers are drawing them now."
        )
