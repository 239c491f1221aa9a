"""A real worker process for tests."""

import os
import signal
import subprocess
import sys
from pathlib import Path

from django.conf import settings
from django.db import connection


class Worker:
    """A worker as the stack runs it: a main process and one that draws."""

    def __init__(self, log, **environment):
        self.log = log
        self.process = subprocess.Popen(
            [sys.executable, "manage.py", "run_worker"],
            cwd=settings.BASE_DIR,
            env={
                **os.environ,
                "POSTGRES_DB": connection.settings_dict["NAME"],
                "WORKER_CONCURRENCY": "1",
                "REMAP_SIGTERM": "SIGQUIT",
                **environment,
            },
            stdout=log,
            stderr=log,
            start_new_session=True,
        )

    def children(self) -> list[int]:
        pid = self.process.pid
        return [
            int(child)
            for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        ]

    def kill(self):
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
