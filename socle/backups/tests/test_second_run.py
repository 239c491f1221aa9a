"""Whatever is begun while a restore runs is refused at once, and changes nothing."""

import os
import re
import signal
import subprocess
import sys
import time

import pytest
from django.conf import settings

from socle.backups.exceptions import AlreadyRunning
from socle.backups.runs.run_locks import check_free
from socle.backups.tests.conftest import execute, names_in, picture
from socle.backups.tests.serving import environment_of

SECONDS = 60
COMMANDS = [
    ["restore_backup", "latest", "--yes"],
    ["restore_backup", "latest"],
    ["undo_restore", "--yes"],
    ["forget_previous", "--yes"],
    ["drill_restore"],
    ["backup"],
    ["prune_backups", "--yes"],
]
UNNOTED = {"restore_backup", "undo_restore", "forget_previous"}
SENTENCE = (
    r"Another run holds the lock: restore on \S+, since \d{4}-\d\d-\d\d .*again\.$"
)


def manage(site, *arguments):
    return subprocess.Popen(
        [sys.executable, "manage.py", *arguments],
        cwd=settings.BASE_DIR,
        env=environment_of(site),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.fixture
def stopped_restore(django_site):
    """A restore in another process, which stands still with the lock in its hand."""
    with manage(django_site, "backup") as first:
        words = first.communicate(timeout=SECONDS)[1]
        assert first.returncode == 0, words
    with manage(django_site, "restore_backup", "latest", "--yes") as running:
        wait_for_lock(django_site)
        os.kill(running.pid, signal.SIGSTOP)
        check_is_held(django_site)
        yield running
        os.kill(running.pid, signal.SIGCONT)
        words = running.communicate(timeout=SECONDS)[1]
        assert running.returncode == 0, words


def wait_for_lock(site):
    ends_at = time.monotonic() + SECONDS
    while time.monotonic() < ends_at:
        try:
            check_free(site.database)
        except AlreadyRunning:
            return
        time.sleep(0.01)
    raise AssertionError("The restore never began.")


def check_is_held(site):
    with pytest.raises(AlreadyRunning):
        check_free(site.database)


@pytest.mark.slow
def test_each_is_refused_in_one_sentence(django_site, store, stopped_restore):
    before = state(django_site, store)
    for arguments in COMMANDS:
        runs = noted(django_site)
        began = time.monotonic()
        with manage(django_site, *arguments) as second:
            words = second.communicate(timeout=SECONDS)[1].strip().splitlines()
        assert second.returncode == 2, (arguments, words)
        assert re.search(SENTENCE, words[-1]), (arguments, words)
        assert time.monotonic() - began < SECONDS / 2
        assert state(django_site, store) == before, arguments
        if arguments[0] in UNNOTED:
            assert noted(django_site) == runs, arguments
            assert len(words) == 1, words


def state(site, store):
    names = execute(site.database.named("postgres"), "SELECT datname FROM pg_database")
    return picture(site.media_root), sorted(names), names_in(store)


def noted(site):
    return execute(site.database, "SELECT count(*) FROM backups_run")
