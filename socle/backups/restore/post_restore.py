"""Makes a restored database fit for this code and this environment, before a swap."""

import os
import subprocess
import sys
from collections.abc import Iterable

from django.conf import settings

from socle.backups.exceptions import RestoreFailed
from socle.backups.postgres.connection import Database
from socle.backups.progress import Progress

MANAGE = "manage.py"
_STACK = ("Traceback ", "The above exception ", "During handling ")


def prepare_database(
    database: Database, *, scrub: bool, keep: Iterable[str], progress: Progress
) -> None:
    """
    Run the migrations that `database` lacks, and the scrubbers if asked.

    In a process of its own, whose one and only database it is: neither a migration
    nor a scrubber can reach the live one, however carelessly it was written.

    Raises RestoreFailed with the last lines of that process.
    """
    argv = [sys.executable, MANAGE, "prepare_restored", database.name]
    argv += ["--scrub"] if scrub else []
    argv += [f"--keep={email}" for email in keep]
    done = subprocess.run(
        argv,
        cwd=settings.BASE_DIR,
        env=os.environ | {"POSTGRES_DB": database.name},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
    )
    if done.returncode != 0:
        raise RestoreFailed(
            "The restored database could not be made ready for this code: "
            f"{_reason(done.stderr)}."
        )
    for line in done.stdout.splitlines():
        progress.say(line)


def _reason(complaints: str) -> str:
    """The last words, without the stack that leads to them."""
    words = [
        line
        for line in complaints.splitlines()
        if line.strip() and not line[0].isspace() and not line.startswith(_STACK)
    ]
    return " ".join(words[-3:]).rstrip(".") or "no reason was given"
