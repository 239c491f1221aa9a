"""Whether a running stack still is what the working copy says."""

import hashlib
import json
import os
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from itertools import chain
from pathlib import Path

from socle.embedded.layout import Layout
from socle.embedded.programs import Program

CODE = {".py", ".html", ".json", ".sh", ""}  # "": cron/crontab and cron/run
LEFT_OUT = {"node_modules", "tests", "__pycache__", "embedded", "src", "staticfiles"}


@dataclass(frozen=True)
class StackFingerprint:
    """
    settings:  of what all programs share: their environment, commands, packages.
    code:      of the files that the site's own programs have read.
    """

    settings: str
    code: str
    detached: bool

    def save(self, path: Path) -> None:
        path.write_text(json.dumps(asdict(self)))

    @classmethod
    def load(cls, path: Path) -> "StackFingerprint | None":
        try:
            return cls(**json.loads(path.read_text()))
        except (OSError, ValueError, TypeError):
            return None


def fingerprint(
    programs: list[Program],
    *,
    env: Mapping[str, str],
    layout: Layout,
    detached: bool,
) -> StackFingerprint:
    commands = [program.command for program in programs]
    stamps = sorted(Path(sys.prefix).glob(".installed-*"))
    packages = [stamp.read_text() for stamp in stamps]
    return StackFingerprint(
        settings=digest(repr([sorted(env.items()), commands, packages])),
        code=fingerprint_of_code(layout.web, layout.base, layout.root / "cron"),
        detached=detached,
    )


def fingerprint_of_code(*places: Path) -> str:
    """By time and size: a glance at each file."""
    lines = []
    for folder, folders, names in chain.from_iterable(map(os.walk, places)):
        folders[:] = [name for name in folders if name not in LEFT_OUT]
        for name in names:
            path = Path(folder) / name
            if path.suffix in CODE:
                facts = path.stat()
                lines.append(f"{path} {facts.st_mtime_ns} {facts.st_size}")
    return digest("\n".join(sorted(lines)))


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
