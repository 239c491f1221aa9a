"""Disks that fill up: the store's, and the one that a restore writes to."""

import os
import shutil
import subprocess
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from threading import Timer

import pytest
from test_killed_restore import NEW, OLD, Sides
from world import World

from socle.backups.exceptions import BackupError, StoreRefused


@contextmanager
def disk(folder: Path, *, size_bytes: int):
    """A disk of that size at `folder`; only root may make one."""
    folder.mkdir()
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={size_bytes}", "chaos", folder],
        capture_output=True,
        text=True,
    )
    if made.returncode != 0:
        pytest.skip(f"A small disk cannot be mounted here: {made.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


def room_on(folder: Path) -> int:
    found = os.statvfs(folder)
    return found.f_bavail * found.f_frsize


def fill(folder: Path, *, leaving: int) -> None:
    with (folder / "ballast").open("wb") as ballast:
        ballast.truncate(0)
        os.posix_fallocate(ballast.fileno(), 0, max(1, room_on(folder) - leaving))


def test_a_store_whose_disk_is_full_keeps_no_half_backup(world, tmp_path, rounds, tell):
    with disk(tmp_path / "disk", size_bytes=20_000_000) as folder:
        store = folder / "store"
        world.site = replace(world.site, store_url=store.as_uri())
        world.take_backup(world.next_moment())
        needed = 20_000_000 - room_on(folder)
        some, done, words = rounds(30), 1, set()
        for number in some:
            world.change(f"round {number}")
            fill(folder, leaving=some.chance.randrange(needed))
            try:
                world.take_backup(world.next_moment())
                done += 1
            except StoreRefused as error:
                words.add("No space left on device" in str(error))
            (folder / "ballast").unlink()
            assert world.damage_of(*world.complete_backups()) == []
            assert len(world.complete_backups()) == done
            left = {path.name[:6] for path in store.rglob("*") if path.is_file()}
            assert ".part-" not in left
            if room_on(folder) < needed * 2:
                shutil.rmtree(store)
                done = 0
        world.take_backup(world.next_moment())
        assert words == {True}


def test_media_whose_disk_fills_during_a_restore_stay_as_they_are(
    servers, tmp_path, rounds, tell
):
    with (
        disk(tmp_path / "disk", size_bytes=8_000_000) as folder,
        World.made(folder, log=tmp_path / "log") as world,
    ):
        sides, some, seen, words = Sides.of(world), rounds(20), [], []
        for number in some:
            room = some.chance.randrange(700_000)
            later = Timer(
                some.chance.uniform(0, 0.6), fill, [folder], {"leaving": room}
            )
            later.start()
            try:
                world.restore(sides.address, world.next_moment())
                seen.append(NEW)
            except BackupError as error:
                words.append(str(error))
                seen.append(OLD)
            later.join()
            (folder / "ballast").unlink(missing_ok=True)
            what = f"round {number}, with {room} bytes left"
            assert sides.side(what) == seen[-1], what
            sides.is_undone(seen[-1], what)
        assert all("room" in one or "No space left" in one for one in words), words
        tell(f"  {seen.count(NEW)} restored, {seen.count(OLD)} refused")
