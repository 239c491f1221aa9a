import pyrage

from socle.backups.management.base import BackupCommand


class Command(BackupCommand):
    help = "Print a new key for BACKUP_ENCRYPTION_KEY. It is kept nowhere."

    def handle(self, **options):
        self.stdout.write(str(pyrage.x25519.Identity.generate()))
        self.tell(
            "Put it into .env as BACKUP_ENCRYPTION_KEY, before a key that is there and "
            "a comma: the first encrypts, all of them decrypt. Then start the stack "
            "again. Keep a copy in another place: without it no backup made with it "
            "can be read by anybody."
        )
