"""What each file in tasks/ says of itself."""

import re
from dataclasses import dataclass
from pathlib import Path

VARIABLE = re.compile(
    r"^(TASK_NAME|TASK_DESCRIPTION|TIME_LIMIT|BY_HAND_ONLY|OWN_MONITOR)="
    r"(?:\"([^\"]*)\"|'([^']*)'|(\S*))[ \t]*(?:#.*)?$",
    re.MULTILINE,
)
NAME = re.compile(r"[a-z][a-z0-9_]*")
LIMIT = re.compile(r"([1-9][0-9]*)([smhd])")
SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
USUAL_LIMIT = "1h"


@dataclass(frozen=True)
class Task:
    path: Path
    says_name: str
    """What TASK_NAME in the file says; the file's own name is what counts."""
    description: str
    limit: str
    """Such as 30m or 12h: after it the task is ended, with all its children."""
    is_by_hand_only: bool
    has_own_monitor: bool
    """Its command checks in with Sentry by itself, also from the site's pages."""

    @property
    def name(self) -> str:
        return self.path.stem

    @property
    def limit_seconds(self) -> int:
        """Raises ValueError for a limit of another form."""
        found = LIMIT.fullmatch(self.limit)
        if not found:
            raise ValueError(
                f"TIME_LIMIT is {self.limit!r}: a number with s, m, h or d is needed, "
                "such as 30m."
            )
        return int(found[1]) * SECONDS[found[2]]


def read_task(path: Path) -> Task:
    said = {
        found[1]: next((words for words in found.groups()[1:] if words is not None), "")
        for found in VARIABLE.finditer(path.read_text(errors="replace"))
    }
    return Task(
        path=path,
        says_name=said.get("TASK_NAME", ""),
        description=said.get("TASK_DESCRIPTION", ""),
        limit=said.get("TIME_LIMIT") or USUAL_LIMIT,
        is_by_hand_only=bool(said.get("BY_HAND_ONLY")),
        has_own_monitor=bool(said.get("OWN_MONITOR")),
    )


def find_task(folder: Path, name: str) -> Task | None:
    path = folder / f"{name}.sh"
    return read_task(path) if NAME.fullmatch(name) and path.is_file() else None


def all_tasks(folder: Path) -> list[Task]:
    """By name; TEMPLATE.sh is none."""
    return [
        read_task(path)
        for path in sorted(folder.glob("*.sh"))
        if NAME.fullmatch(path.stem)
    ]
