"""The site's own commands, run in its environment."""

import subprocess
import sys
from collections.abc import Mapping

from local.exceptions import LocalError
from local.layout import Layout


def manage(
    command: str, *arguments: str, layout: Layout, environment: Mapping[str, str]
) -> str:
    """What `manage.py command` prints. Raises LocalError with what it said."""
    done = subprocess.run(
        [sys.executable, "manage.py", command, *arguments],
        cwd=layout.web,
        env=environment,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
    )
    if done.returncode != 0:
        said = (done.stderr or done.stdout).strip().splitlines()[-15:]
        raise LocalError("\n".join([f"manage.py {command} failed:", *said]))
    return done.stdout
