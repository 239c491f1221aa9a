from django.core.management.base import BaseCommand, CommandError

from socle.core.writable_folders import FolderProblem, check_site_folders


class Command(BaseCommand):
    help = "Prove that the folders of uploads can be written; make the missing ones."
    requires_system_checks = []

    def handle(self, **options):
        try:
            check_site_folders()
        except FolderProblem as problem:
            raise CommandError(str(problem)) from problem
