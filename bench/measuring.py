"""How long a command takes, how much it works, and what it leaves in the store."""

import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median

LIMIT_SECONDS = 1200


class CommandFailed(Exception):
    """A measured command ended badly; its last lines say how."""


@dataclass(frozen=True)
class Measured:
    wall_seconds: float
    cpu_seconds: float
    """Of the command and all it started; servers are not counted."""
    peak_megabytes: float
    """Of its largest process."""
    stored_megabytes: float


def measure(
    command: str, *, environment: dict[str, str], store: Path, log: Path
) -> Measured:
    """Run `command` in bash. Raises CommandFailed."""
    stored = bytes_below(store)
    started = time.monotonic()
    with log.open("ab") as output:
        process = subprocess.Popen(
            ["timeout", "--kill-after=5", str(LIMIT_SECONDS)]
            + ["bash", "-c", f"set -euo pipefail; {command}"],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        )
        _, status, used = os.wait4(process.pid, 0)
    wall_seconds = time.monotonic() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        last = log.read_text(errors="replace").splitlines()[-8:]
        raise CommandFailed("\n".join([command[:200], *last]))
    return Measured(
        wall_seconds,
        used.ru_utime + used.ru_stime,
        used.ru_maxrss / 1024,
        (bytes_below(store) - stored) / 1e6,
    )


def bytes_below(folder: Path) -> int:
    return sum(
        Path(parent, name).lstat().st_size
        for parent, _, names in os.walk(folder)
        for name in names
    )


def medians(rounds: list[Measured]) -> Measured:
    columns = zip(*(vars(one).values() for one in rounds), strict=True)
    return Measured(*(median(column) for column in columns))


def figure(
    name: str,
    *,
    ours: float,
    peer: str,
    theirs: float,
    unit: str,
    aim: float | None = None,
    better: str = "lower",
) -> None:
    """One JSON line; `ratio` is ours by theirs, `aim` what it should be, if we say."""
    line = {
        "figure": name,
        "ours": round(ours, 2),
        "peer": peer,
        "theirs": round(theirs, 2),
        "unit": unit,
        "ratio": round(ours / theirs, 3),
        **({} if aim is None else {"aim": aim}),
        "better": better,
    }
    sys.stdout.write(json.dumps(line, ensure_ascii=False) + "\n")
