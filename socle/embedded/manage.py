"""The site's own commands, run in its environment."""

import subprocess
import sys
from collections.abc import Callable, Mapping
from tempfile import TemporaryFile

from socle.embedded.exceptions import LocalError
from socle.embedded.layout import Layout

WAITS = "Waits for "  # how a command begins to say what it waits for
LAST_LINES = 15


def manage(
    command: str,
    *arguments: str,
    layout: Layout,
    environment: Mapping[str, str],
    tell: Callable[[str], None] = lambda line: None,
) -> str:
    """
    What `manage.py command` prints; `tell` hears at once what it waits for.

    Raises LocalError with what it said.
    """
    complaints = []
    with (
        TemporaryFile("w+") as printed,
        subprocess.Popen(
            [sys.executable, "manage.py", command, *arguments],
            cwd=layout.web,
            env=environment,
            stdout=printed,
            stderr=subprocess.PIPE,
            text=True,
            stdin=subprocess.DEVNULL,
        ) as process,
    ):
        for line in process.stderr or ():
            complaints.append(line.rstrip())
            if line.startswith(WAITS):
                tell(complaints[-1])
        status = process.wait()
        printed.seek(0)
        output = printed.read()
    if status != 0:
        said = ("\n".join(complaints) or output).strip().splitlines()[-LAST_LINES:]
        raise LocalError("\n".join([f"manage.py {command} failed:", *said]))
    return output
