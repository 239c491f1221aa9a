"""Where everything lies: in the container, or in a test's folder."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class CronPaths:
    folder: Path
    """In memory: locks, the stack's environment and the pipe to the container's log."""
    tasks: Path
    table: Path
    """The crontab as the daemon reads it."""
    app: Path
    """The site: beside manage.py, where every task starts."""

    def lock(self, name: str) -> Path:
        return self.folder / f"{name}.lock"

    @property
    def environment(self) -> Path:
        return self.folder / "environment"

    @property
    def pipe(self) -> Path:
        return self.folder / "output"


def places(variables: Mapping[str, str] = os.environ) -> CronPaths:
    return CronPaths(
        folder=Path(variables.get("CRON_FOLDER", "/run/cron")),
        tasks=Path(variables.get("CRON_TASKS", HERE / "tasks")),
        table=Path(variables.get("CRON_TABLE", "/etc/cron.d/tasks")),
        app=Path(variables.get("CRON_WORKDIR", site())),
    )


def site() -> Path:
    """/app beside /cron in the container, web/ beside cron/ in the repository."""
    folder = HERE.parent / "app"
    return folder if folder.is_dir() else HERE.parent / "web"
