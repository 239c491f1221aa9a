from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from config.folders import FolderProblem, check_folder


class Command(BaseCommand):
    help = "Prove that the folder of uploads, and the one beside it, can be written."
    requires_system_checks = []

    def handle(self, **options):
        folders = {
            "media": settings.MEDIA_ROOT,
            "restore (beside media)": settings.MEDIA_ROOT.parent,
            "incoming uploads": settings.FILE_UPLOAD_TEMP_DIR,
        }
        problems = []
        for purpose, folder in folders.items():
            try:
                check_folder(folder, purpose=purpose)
            except FolderProblem as problem:
                problems.append(str(problem))
        if problems:
            raise CommandError("\n".join(problems))
