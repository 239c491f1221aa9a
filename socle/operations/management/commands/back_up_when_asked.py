from socle.backups.management.base import BackupCommand
from socle.backups.runs.run_backup import back_up, check_nothing_lost
from socle.backups.runs.run_recorder import told
from socle.operations import backup_requests


class Command(BackupCommand):
    help = "Take the backup that somebody asked for on the operations page, if any."

    def handle(self, **options):
        if backup_requests.asked() is None:
            return
        with told("backup") as run:
            # The run is written down by now: one of both is seen.
            backup_requests.take_up()
            backup = back_up(run, progress=self.progress(run))
            self.stdout.write(backup.url)
            check_nothing_lost(backup)
