from django.utils import timezone

from socle.backups.format.backup_metadata import read_backup
from socle.backups.format.listing import newest_backup
from socle.backups.format.namespace import parse_url
from socle.backups.management.asking import ask, ask_to_replace
from socle.backups.management.base import BackupCommand, add_of
from socle.backups.progress import counted_files, readable_size
from socle.backups.restore.preflight import check_fits, remarks
from socle.backups.restore.restore_targets import Parts
from socle.backups.restore.run_restore import Choices, restore_backup
from socle.backups.restore.scrubbing import needs_scrubbing
from socle.backups.runs.backup_source import BackupSource
from socle.backups.runs.run_locks import check_free
from socle.backups.runs.run_recorder import told
from socle.backups.stores import open_store


class Command(BackupCommand):
    help = (
        "Put a backup's database and files in the place of the live ones, which are "
        "kept beside them. Nothing live changes before everything is proven."
    )

    def add_arguments(self, parser):
        parser.add_argument("url", help='gs://… as list_backups prints it, or "latest"')
        parser.add_argument("--yes", action="store_true", help="do not ask")
        add_of(parser)
        parts = parser.add_mutually_exclusive_group()
        for name, part in (("database", Parts.DATABASE), ("media", Parts.MEDIA)):
            parts.add_argument(
                f"--{name}-only",
                dest="parts",
                action="store_const",
                const=part,
                default=Parts.BOTH,
                help=f"leave {'media' if name == 'database' else 'the database'} alone",
            )
        parser.add_argument(
            "--keep",
            action="append",
            default=[],
            metavar="EMAIL",
            help="of staff who stay as they are where people's data are scrubbed",
        )
        parser.add_argument(
            "--no-scrub",
            action="store_true",
            help="leave the people's data of another environment as they are",
        )

        parser.add_argument(
            "--without-broken-constraints",
            action="store_true",
            dest="without_broken",
            help="leave out what rows of the backup break, and list it",
        )

    def handle(self, *, url, yes, of, parts, **options):
        site = BackupSource.from_settings()
        check_free(site.database)  # before anything is asked, fetched or noted
        choices = Choices(
            parts=parts,
            scrub=not options["no_scrub"],
            keep=tuple(options["keep"]),
            without_broken=options["without_broken"],
        )
        backup, store = self.find(url, site=site, of=of)
        self.describe(backup, site=site, choices=choices)
        if not yes:
            check_fits(backup, site=site, store=store, parts=parts)
            self.ask(backup, site=site, choices=choices)
        with told("restore") as run:
            run.result(url=backup.url)
            progress = self.progress(run)
            places = restore_backup(
                backup,
                site=site,
                store=store,
                now=timezone.now(),
                progress=progress,
                choices=choices,
            )
            run.result(
                tables=len(backup.record.database.rows),
                files=backup.record.media.files,
                warnings=progress.warnings,
            )
        self.tell_warnings(progress)
        self.conclude(backup, places=places, site=site, choices=choices)

    def find(self, url, *, site, of):
        if url == "latest":
            store = open_store(site.store_url)
            shelf = site.shelf_of(of)
            return newest_backup(store, shelf=shelf, keys=site.keys), store
        address = parse_url(url)
        store = open_store(address.store_url)
        return read_backup(store, address, keys=site.keys), store

    def describe(self, backup, *, site, choices):
        record = backup.record
        replaced = []
        if Parts.DATABASE in choices.parts:
            replaced.append(f"the database {site.database.name}")
        if Parts.MEDIA in choices.parts:
            replaced.append(f"the files in {site.media_root}")
        self.tell(
            f"{backup.url}\n"
            f"  taken    {record.created_at:%Y-%m-%d %H:%M} UTC\n"
            f"  database {len(record.database.rows)} tables, "
            f"{sum(record.database.rows.values()):,} rows\n"
            f"  media    {counted_files(record.media.files)}, "
            f"{readable_size(record.media.size_bytes)}\n"
            f"It will replace {' and '.join(replaced)} of {site.project} "
            f"({site.environment}). What is replaced is kept until a drill has proven "
            "a newer backup, or ./google_storage.sh --forget; what was changed since "
            "the backup is only there."
        )
        for remark in remarks(backup, site=site):
            self.tell(remark)
        if scrubs(backup, site=site, choices=choices):
            self.tell(
                "Names, e-mail addresses, passwords and sessions in it are scrubbed "
                f"first. Kept as they are: {', '.join(choices.keep) or 'nobody'}."
            )

    def ask(self, backup, *, site, choices):
        ask_to_replace("Restore it?", site=site, stderr=self.stderr)
        if scrubs(backup, site=site, choices=choices) or choices.scrub:
            return
        if needs_scrubbing(backup.record, site=site):
            ask(
                "Nothing is scrubbed: real people's names, e-mail addresses and "
                f"passwords of {backup.record.environment} will lie in "
                f"{site.environment}, open to all who work with it, and the site can "
                "write to these people. Is that meant?",
                stderr=self.stderr,
            )

    def conclude(self, backup, *, places, site, choices):
        kept = []
        if Parts.DATABASE in choices.parts:
            kept.append(f"the previous database is {places.old_database.name}")
        if Parts.MEDIA in choices.parts:
            kept.append(f"the previous media are in {places.old_media}")
        self.stdout.write(
            f"Restored; {', '.join(kept)}. To take it back: ./google_storage.sh -u"
        )
        if scrubs(backup, site=site, choices=choices) and not choices.keep:
            self.tell(
                "Nobody of the backup can sign in. Make an administrator: "
                "ADMIN_PASSWORD=… python manage.py create_admin --email YOU@EXAMPLE.COM"
            )


def scrubs(backup, *, site, choices):
    return (
        Parts.DATABASE in choices.parts
        and choices.scrub
        and needs_scrubbing(backup.record, site=site)
    )
