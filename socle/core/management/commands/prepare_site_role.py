from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import connection, transaction

from socle.core.site_role import (
    UnfitRole,
    give_rights,
    is_the_sites_own,
    owners_work,
    prepare_role,
)

WITHOUT_ONE = (
    "The site signs in to the database as {owner}, who may do everything there: "
    "POSTGRES_SITE_USER is empty. ./install_docker.sh gives the site a role of its own."
)


class Command(BaseCommand):
    help = "Make the role as which the site signs in to the database, with its rights."
    requires_system_checks = []

    def handle(self, **options):
        role = settings.POSTGRES_SITE_USER
        if not role:
            owner = settings.DATABASES["default"]["USER"]
            self.stderr.write(WITHOUT_ONE.format(owner=owner))
            return
        if is_the_sites_own():
            raise CommandError(owners_work())
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                prepare_role(
                    cursor, role=role, password=settings.POSTGRES_SITE_PASSWORD
                )
                give_rights(cursor, role=role)
        except UnfitRole as error:
            raise CommandError(str(error)) from error
