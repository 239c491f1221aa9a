"""Six weeks of backups as a site leaves them: records in the store, rows of runs."""

import json
import random
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings

from socle.backups.format.backup_metadata import (
    FORMAT,
    Backup,
    BackupMetadata,
    DatabasePart,
    DrillProof,
    MediaPart,
    Skipped,
    StoredPart,
)
from socle.backups.format.namespace import PROOF, RECORD, Address, backup_id
from socle.backups.models import Run
from socle.backups.runs.backup_source import BackupSource
from socle.backups.runs.run_backup import numbers_of
from socle.backups.stores import Store, open_store

MB = 1_000_000
JOBS = [
    ("backup", "0 3 * * *", "Backs up database and uploads.", "ok", "Done."),
    (
        "drill",
        "0 5 * * 0",
        "Restores the newest backup for practice.",
        "failed",
        "There is no room for the drill: 1.2 GB are needed in /media, 0.9 GB are free.",
    ),
    (
        "sweep_files",
        "20 * * * *",
        "Removes files that no photo has.",
        "skipped",
        "It still ran.",
    ),
    ("flush_tokens", "10 4 * * *", "Forgets expired sign-ins.", "timed_out", ""),
]


def record_of(
    moment: datetime,
    *,
    new_bytes=12 * MB,
    seconds=34.0,
    number=0,
    lost=0,
    warnings=(),
):
    def part(name, size_bytes):
        return StoredPart(name, size_bytes, sha256="0" * 64, crc32c="AAAAAA==")

    database_bytes = 41 * MB + number * MB // 3
    return BackupMetadata(
        format=FORMAT,
        project=settings.PROJECT_NAME,
        environment=settings.ENVIRONMENT,
        created_at=moment,
        duration_seconds=seconds,
        django_version="5.2",
        database=DatabasePart(
            name="socle",
            server_version="17.6",
            pg_dump_version="17.6",
            dump=part("database.dump.zst", database_bytes),
            uncompressed_bytes=9 * database_bytes,
            rows={"public.gallery_photo": 5000 + 40 * number},
            migration_heads={},
            warnings=list(warnings),
        ),
        media=MediaPart(
            manifest=part("media.jsonl.zst", MB // 2),
            files=5000 + 40 * number,
            size_bytes=990 * MB + number * 11 * MB,
            new_files=40,
            new_bytes=new_bytes,
            skipped=[
                Skipped(f"lost-{n}.jpg", "it is unreadable", True) for n in range(lost)
            ],
        ),
    )


def put_backup(store: Store, moment: datetime, *, proven: bool = False, **values):
    record = record_of(moment, **values)
    address = Address(store.url, BackupSource.from_settings().shelf, backup_id(moment))
    store.put(address.folder + RECORD, record.to_json())
    if proven:
        proof = DrillProof(
            proven_at=moment + timedelta(hours=2),
            duration_seconds=95.0,
            tables=31,
            rows=184_220,
            files=record.media.files,
            size_bytes=record.media.size_bytes,
        )
        store.put(address.folder + PROOF, proof.to_json())
    return Backup(address, record)


def put_run(kind: str, moment: datetime, *, seconds=30.0, **values):
    return Run.objects.create(
        kind=kind,
        started_at=moment,
        ended_at=moment + timedelta(seconds=seconds),
        **({"outcome": Run.Outcome.DONE} | values),
    )


def make_history(*, newest: datetime, nights: int = 40) -> None:
    """A night without a backup, two that failed, one with many new photos."""
    store = open_store(settings.BACKUP_STORAGE_URL)
    store.prepare()
    chance = random.Random(7)
    for number in range(nights):
        moment = newest - timedelta(days=nights - 1 - number)
        if number == nights - 21:
            continue
        if number in (nights - 14, nights - 5):
            put_run(
                "backup",
                moment,
                seconds=12.0,
                outcome=Run.Outcome.FAILED,
                reason="The store gs://socle-backups did not answer within 60 s: 503 "
                "Service Unavailable. Try again: ./google_storage.sh -b",
            )
            continue
        new_bytes = chance.randint(4 * MB, 22 * MB)
        if number == nights - 9:
            new_bytes = 310 * MB
        seconds = 28 + new_bytes / MB / 4 + chance.random() * 9
        backup = put_backup(
            store,
            moment,
            number=number,
            new_bytes=new_bytes,
            seconds=seconds,
            proven=number % 7 == nights % 7,
            lost=1 if number == nights - 3 else 0,
        )
        put_run(
            "backup",
            moment,
            seconds=seconds,
            backup_url=backup.url,
            numbers=numbers_of(backup),
        )
    put_run(
        "drill",
        newest - timedelta(days=8),
        outcome=Run.Outcome.FAILED,
        reason="There is no room for the drill: 1.2 GB are needed in /media, 0.9 GB "
        "are free. Make room, then run: ./google_storage.sh -d",
    )


def make_jobs(*, newest: datetime) -> None:
    """What cron's runner leaves in JOBS_FOLDER: one job is well, others are not."""
    folder = Path(settings.JOBS_FOLDER)
    folder.mkdir(parents=True, exist_ok=True)
    planned = []
    for name, fields, description, outcome, output in JOBS:
        planned.append({"task": name, "fields": fields, "description": description})
        entry = {
            "task": name,
            "description": description,
            "started_at": newest.isoformat(),
            "ended_at": (newest + timedelta(seconds=9)).isoformat(),
            "seconds": 9.0,
            "exit_status": {"ok": 0, "skipped": 75}.get(outcome, 1),
            "outcome": outcome,
            "output": output,
        }
        (folder / f"{name}.jsonl").write_text(json.dumps(entry) + "\n")
    (folder / "schedule.json").write_text(json.dumps(planned))
