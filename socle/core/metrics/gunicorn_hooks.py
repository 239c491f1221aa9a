"""gunicorn's part: a folder for the numbers of its workers, and the process beside."""

import os
import shutil
import signal
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

FOLDER = "PROMETHEUS_MULTIPROC_DIR"


def hooks(port: int) -> dict[str, Any]:
    """
    For gunicorn's settings; empty without a port.

    Run before anything that counts is imported: the library looks for the folder then.
    """
    if not port:
        return {}
    _prepare_folder(port)
    from socle.core.metrics import server, worker_slots

    worker_slots.use_slots()
    beside = Beside(port, server)
    return {
        "when_ready": beside.keep,
        "pre_fork": beside.before_worker,
        "post_fork": lambda _server, worker: worker_slots.claim(worker.metrics_slot),
        "child_exit": beside.after_worker,
        "on_exit": beside.stop,
    }


def _prepare_folder(port: int) -> None:
    """In memory, not on the volume of the uploads; empty, unless gunicorn reloads."""
    if FOLDER in os.environ:
        return
    folder = Path(f"/tmp/metrics-{port}")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700)
    os.environ[FOLDER] = str(folder)
    os.environ["METRICS_SINCE"] = str(time.time())


class Beside:
    """Who keeps them served; started anew with the next worker if it was killed."""

    def __init__(self, port: int, server: Any):
        self._port = port
        self._server = server
        self._pid = 0

    def keep(self, arbiter: Any) -> None:
        if self._pid and _lives(self._pid):
            return
        self._pid = self._server.start(
            self._port,
            signals=list(arbiter.SIGNALS),
            listeners=list(arbiter.LISTENERS),
        )

    def before_worker(self, arbiter: Any, worker: Any) -> None:
        from socle.core.metrics import worker_slots

        worker.metrics_slot = worker_slots.lowest_free(arbiter.WORKERS.values())
        if self._pid:
            self.keep(arbiter)

    def after_worker(self, _arbiter: Any, worker: Any) -> None:
        from prometheus_client.multiprocess import mark_process_dead

        mark_process_dead(worker.metrics_slot)

    def stop(self, _arbiter: Any) -> None:
        if self._pid:
            with suppress(ProcessLookupError):
                os.kill(self._pid, signal.SIGTERM)


def _lives(pid: int) -> bool:
    """gunicorn has collected all children that ended."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
