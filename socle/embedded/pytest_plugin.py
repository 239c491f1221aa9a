"""
Gives a pytest run its own Postgres, Redis and bucket: -p socle.embedded.pytest_plugin

They start before Django reads its settings and end with pytest, even by kill -9.
"""

import atexit
import os
import shutil
import tempfile
from contextlib import ExitStack
from pathlib import Path

import pytest

from socle.embedded.testing import running_services

PREFIX = "socle-tests-"


@pytest.hookimpl(wrapper=True, tryfirst=True)  # before pytest-django's own
def pytest_load_initial_conftests(early_config):
    remove_leftovers(Path(tempfile.gettempdir()))
    services = ExitStack()
    folder = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-"))
    services.callback(shutil.rmtree, folder, ignore_errors=True)
    early_config.add_cleanup(services.close)
    atexit.register(services.close)  # when pytest ends before it is configured
    os.environ.update(services.enter_context(running_services(folder)))
    return (yield)


def remove_leftovers(temporary: Path) -> None:
    """A run that was killed could not remove its folder."""
    for folder in temporary.glob(f"{PREFIX}*"):
        pid = folder.name.removeprefix(PREFIX).split("-")[0]
        if folder.stat().st_uid == os.getuid() and not Path(f"/proc/{pid}").exists():
            shutil.rmtree(folder, ignore_errors=True)
