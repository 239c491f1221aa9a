"""The clock of web and worker jumps; the kernel's, and so Postgres', does not."""

import shutil
import time
from pathlib import Path

from case import Promise
from clone import own

LIBRARY = "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1"
OVERRIDE = Path(__file__).with_name("clock.yml")
# Offsets in the order in which they come: an hour ahead, back, behind, and back again.
JUMPS = ("+1h", "+0", "-1h", "+0")
EACH_SECONDS = 15


def test_a_clock_that_jumps_by_an_hour_is_survived(site, case, attackers):
    words = "no error; nobody is signed out"
    one = case("The clock of `web` and `worker` jumps by an hour", Promise(words))
    clock = prepare(site, attackers)
    try:
        recreate(site, "-f", "clock.yml")
        with one.under_load():
            for offset in JUMPS:
                clock.write_text(f"{offset}\n")
                time.sleep(EACH_SECONDS)
                one.note(f"{offset}: the site says {hour_of(site)}")
    finally:
        recreate(site)


def prepare(site, attackers) -> Path:
    """The file that says how far the clock is off."""
    folder = site.stack.folder / "clock"
    folder.mkdir(exist_ok=True)
    attackers.copy_out(LIBRARY, to=folder / "libfaketime.so.1")
    shutil.copy(OVERRIDE, site.stack.folder / "clock.yml")
    clock = folder / "now"
    clock.write_text("+0\n")
    for path in (folder, site.stack.folder / "clock.yml"):
        own(path)
    return clock


def recreate(site, *more: str) -> None:
    command = [*more, "up", "--detach", "--no-deps", "web", "worker"]
    site.stack.compose(*command)
    site.wait_until_healthy()


def hour_of(site) -> str:
    code = "from datetime import datetime; print(f'{datetime.now():%H:%M}')"
    return site.stack.inside("web", "python", "-c", code).strip()
