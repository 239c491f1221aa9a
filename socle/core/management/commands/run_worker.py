import os
import shlex
import sys
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError

from socle import SOCLE_DIR
from socle.core.task_queues import queue_names
from socle.core.writable_folders import FolderProblem, check_site_folders

WORKER = [
    "celery",
    "--app=config",
    "worker",
    "--include=socle.core.canary",  # which ends a worker that takes no task any more
    "--loglevel=INFO",
    "--without-gossip",
    "--without-mingle",
]


class Command(BaseCommand):
    help = "Run the Celery worker; with --reload, anew after each change of the code."
    requires_system_checks = []

    def add_arguments(self, parser):
        parser.add_argument("--reload", action="store_true")

    def handle(self, *, reload, **options):
        try:
            check_site_folders()
        except FolderProblem as problem:
            raise CommandError(str(problem)) from problem
        if reload:
            os.environ["WORKER_WATCHED_BY"] = str(os.getpid())
        worker = [*WORKER, f"--queues={','.join(queue_names())}"]
        program, *arguments = watched(worker) if reload else worker
        # Becomes the worker: signals reach it without anybody in between.
        os.execv(Path(sys.executable).with_name(program), [program, *arguments])


def watched(command: list[str]) -> list[str]:
    return [
        "watchfiles",
        "--filter=python",
        "--sigint-timeout=15",
        shlex.join(command),
        ".",
        str(SOCLE_DIR),
    ]
