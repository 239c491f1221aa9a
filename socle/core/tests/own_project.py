"""A project with changes of its own: a copy of web/, on the same base."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from django.conf import settings

WEB = Path(__file__).resolve().parents[3] / "web"
LEFT_OUT = shutil.ignore_patterns("tests", "frontend", "staticfiles", "__pycache__")
START = """
import json, sys
import django
django.setup()
from django.conf import settings
settings.ALLOWED_HOSTS = ["*"]
settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
"""


class Project:
    """Its files are written with `write`; `show` runs Python in it."""

    def __init__(self, folder: Path):
        self.folder = folder / "web"
        shutil.copytree(WEB, self.folder, ignore=LEFT_OUT)
        (self.folder / "frontend").mkdir()
        (self.folder / "frontend/dist").symlink_to(settings.FRONTEND_DIST)

    def write(self, name: str, text: str) -> None:
        place = self.folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)

    def append(self, name: str, text: str) -> None:
        self.write(name, (self.folder / name).read_text() + text)

    def show(self, code: str, **variables: str) -> Any:
        """What `code` printed last, read as JSON."""
        done = self.run("-c", START + code, **variables)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout.splitlines()[-1])

    def run(self, *arguments: str, **variables: str) -> subprocess.CompletedProcess:
        more = {"DJANGO_SETTINGS_MODULE": "config.settings", "DEBUG": "0"} | variables
        return subprocess.run(
            [sys.executable, *arguments],
            cwd=self.folder,
            env=os.environ | more,
            capture_output=True,
            text=True,
        )
