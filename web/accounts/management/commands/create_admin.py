import os

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.core.validators import validate_email

from accounts.exceptions import AccountError
from accounts.services import create_admin


class Command(BaseCommand):
    help = "Make the first administrator. The password comes from $ADMIN_PASSWORD."

    def add_arguments(self, parser):
        parser.add_argument("--email", required=True)

    def handle(self, *, email, **options):
        password = os.environ.get("ADMIN_PASSWORD", "")
        if not password:
            raise CommandError("ADMIN_PASSWORD is empty; set it and run this again.")
        try:
            validate_email(email)
            made = create_admin(email, password=password)
        except ValidationError as error:
            raise CommandError(f"{email!r} is not an e-mail address.") from error
        except AccountError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(
            f"Made the administrator {email}."
            if made
            else f"{email} exists already; nothing was changed."
        )
