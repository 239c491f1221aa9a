"""The machine ends: its memory, its disk, its power."""

import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from case import EVERYTHING, Promise
from harm import kill_all_at_once
from measures import UPLOAD
from prod_site import SERVICES
from waiting import wait_until

# All that runs in the container is to die before the program that takes the memory; it
# takes more than there is.
TAKE_ALL_MEMORY = """
import glob, os
for path in glob.glob("/proc/[0-9]*/oom_score_adj"):
    if path != f"/proc/{os.getpid()}/oom_score_adj":
        try:
            open(path, "w").write("1000")
        except OSError:
            pass
taken = []
while True:
    taken.append(bytearray(os.urandom(1 << 20) * 32))
"""
FULL_SECONDS = 15
FILLER = "/media/filler"
FILL = f'fallocate -l "$(df --output=avail -B1 /media | tail -n 1)" {FILLER}; df /media'


def test_a_worker_without_memory_is_started_again(site, case):
    """The kernel kills what runs in the worker's container, for real."""
    before = site.restarts()
    words = "no error; the worker is back by itself"
    one = case("`worker` runs out of memory", Promise(words, back_within=30))
    with one.under_load(), ends_of(site, "worker") as seen:
        command = ("exec", "-T", "worker", "python", "-c", TAKE_ALL_MEMORY)
        site.stack.compose(*command, check=False)
        wait_until(
            lambda: site.restarts()["worker"] != before["worker"],
            within=60,
            what="the worker is started again",
        )
    site.wait_until_healthy()
    one.note(f"the engine saw: {', '.join(seen)}")
    assert "die 137" in seen, "no process of it was killed"
    changed = {name for name, now in site.restarts().items() if now != before[name]}
    assert changed == {"worker"}, "these were started again"


@contextmanager
def ends_of(site, service: str) -> Iterator[list[str]]:
    """How the container of `service` ends meanwhile: "oom", "die 137"."""
    name = site.stack.container(service)["Name"].removeprefix("/")
    only = ["container=" + name, "event=oom", "event=die"]
    words = '{{.Action}} {{index .Actor.Attributes "exitCode"}}'
    command = ["docker", "events", "--format", words]
    command += [part for one in only for part in ("--filter", one)]
    watcher = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    seen: list[str] = []
    try:
        yield seen
    finally:
        time.sleep(1)
        watcher.terminate()
        seen += [line.strip() for line in watcher.communicate()[0].splitlines()]


def test_a_full_disk_refuses_uploads_and_nothing_else(site, case):
    if not site.has_small_disk:
        pytest.skip("A small disk for the media needs root and loop devices.")
    words = "uploads get 507 with a clear message; all else without error; then uploads"
    one = case(
        "The media's disk is full", Promise(words, frozenset({UPLOAD}), back_within=60)
    )
    with one.under_load() as load:
        refusals = fill_disk_for_a_while(site, load)
    statuses = sorted({answer.status for answer in refusals})
    one.note(f"uploads were answered {statuses}")
    assert refusals, "no upload was refused while the disk was full"
    assert statuses == [507], [
        str(answer) for answer in refusals if answer.status != 507
    ]
    assert all("no room left" in answer.words for answer in refusals), refusals[0]


def fill_disk_for_a_while(site, load) -> list:
    """The uploads' answers that were no success, while it was full."""
    try:
        site.stack.inside("web", "sh", "-c", FILL)
        began = time.monotonic()
        time.sleep(FULL_SECONDS)
    finally:
        site.stack.inside("web", "rm", "-f", FILLER)
    return [
        answer
        for answer in list(load.answers)
        if answer.kind == UPLOAD and answer.began > began and not answer.is_good
    ]


@pytest.mark.skipif(os.geteuid() != 0, reason="Only root may kill from outside.")
def test_the_power_fails(site, case):
    """Every process of every container is killed in the same instant."""
    before = site.restarts()
    words = "the engine starts all again; answered within 120 s"
    one = case("All containers die at once", Promise(words, EVERYTHING, 120))
    with one.under_load():
        kill_all_at_once(site.containers().values())
    site.wait_until_healthy()
    after = site.restarts()
    unmoved = [name for name in SERVICES if after[name] == before[name]]
    assert not unmoved, f"these were not killed: {unmoved}"


@pytest.mark.skipif(
    not os.environ.get("CHAOS_ENGINE_RESTART"),
    reason="CHAOS_ENGINE_RESTART has no command that restarts the Docker engine.",
)
def test_the_engine_is_restarted(site, case):
    """As at a reboot: what `docker compose up -d` has started comes back by itself."""
    words = "all is answered again within 180 s"
    one = case("The Docker engine is restarted", Promise(words, EVERYTHING, 180))
    with one.under_load():
        command = os.environ["CHAOS_ENGINE_RESTART"]
        subprocess.run(["bash", "-c", command], check=True, timeout=300)
    site.wait_until_healthy()
