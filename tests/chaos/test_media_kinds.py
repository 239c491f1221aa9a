"""Files of every size, name and kind, through a whole backup and restore."""

import os
import random
import re
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings
from rounds import Child
from world import state_of_media

from socle.backups.format.backup_metadata import read_backup
from socle.backups.format.media_manifest import read_manifest
from socle.backups.format.namespace import Address

LARGE_BYTES = 300_000_000
PEAK_BYTES = 150_000_000


def write_all_kinds(root: Path) -> None:
    """Names hard to carry, sizes hard to hold, and things that are no files."""
    names = [
        "plain.jpg",
        "é ☃ 漢字 \u202e.jpg",
        "decomposed e\u0301.jpg",
        "composed \u00e9.jpg",
        "new\nline\tand\x01\x7f.jpg",
        "'quotes\" and \\ back`slash$HOME",
        "-rf",
        " leading and trailing ",
        ".hidden",
        "x" * 255,
        os.fsdecode(b"not-utf8-\xff\xfe"),
    ]
    for number, name in enumerate(names):
        path = root / "odd names" / f"{number % 3}" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(name.encode(errors="surrogateescape") * 10)
    deep = root.joinpath(*["deep"] * 60)
    deep.mkdir(parents=True)
    (deep / "file").write_bytes(b"deep")
    sizes = [0, 1, (4 << 20) - 1, 4 << 20, (4 << 20) + 1, 8 << 20]
    for size in sizes:
        (root / f"{size} bytes").write_bytes(os.urandom(size))
    with (root / "large").open("wb") as large:  # mostly a hole, with bytes in it
        large.truncate(LARGE_BYTES)
        for at in range(0, LARGE_BYTES, 10_000_019):
            large.seek(at)
            large.write(os.urandom(10_000))
    (root / "to a file").symlink_to("1 bytes")
    (root / "to nothing").symlink_to("nowhere/at all")
    (root / "to itself").symlink_to("to itself")
    (root / "outside").symlink_to("/etc/hostname")
    (root / "hard link").hardlink_to(root / "1 bytes")
    (root / "1 bytes").chmod(0o600)
    (root / "old").write_bytes(b"old")
    os.utime(root / "old", ns=(1, 1))
    (root / "future").write_bytes(b"future")
    os.utime(root / "future", (2**33, 2**33))


@contextmanager
def changing(root: Path, *, chance: random.Random):
    """Files of one repeated byte each, written anew, moved and deleted meanwhile."""
    done = threading.Event()

    def work() -> None:
        while not done.is_set():
            path = root / f"changing {chance.randrange(20)}"
            draft = root / f"{path.name}.draft {chance.randrange(5)}"
            data = bytes([chance.randrange(256)]) * chance.choice([10, 5_000_000])
            match chance.randrange(4):
                case 0:
                    path.unlink(missing_ok=True)
                case 1 | 2:  # as a site does it
                    draft.write_bytes(data)
                    draft.rename(path)
                case 3:  # in place, and not in one go
                    with path.open("wb") as file:
                        for start in range(0, len(data), 1 << 20):
                            file.write(data[start : start + (1 << 20)])
                            file.flush()

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def links_of(root: Path) -> dict[str, str]:
    return {
        path.relative_to(root).as_posix(): str(path.readlink())
        for path in root.rglob("*")
        if path.is_symlink()
    }


def peak_of_a_backup(world) -> int:
    """The most memory of `manage.py backup`, in a process that has nothing else."""
    process = subprocess.Popen(
        [sys.executable, "manage.py", "backup"],
        cwd=settings.BASE_DIR,
        env=os.environ
        | {
            "POSTGRES_DB": world.site.database.name,
            "MEDIA_ROOT": str(world.site.media_root),
            "BACKUP_STORAGE_URL": world.site.store_url,
        },
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    peak_bytes = 0
    while process.poll() is None:  # its rusage would begin with the peak of ours
        peak_bytes = max(peak_bytes, high_water_of(process.pid))
        time.sleep(0.02)
    assert process.returncode == 1  # a pipe is no file, and is told
    return peak_bytes


def high_water_of(pid: int) -> int:
    """0 as long as it is a copy of us, and when it has ended."""
    if b"manage.py" not in Path(f"/proc/{pid}/cmdline").read_bytes():
        return 0
    status = Path(f"/proc/{pid}/status").read_text()
    found = re.search(r"^VmHWM:\s+(\d+) kB$", status, flags=re.MULTILINE)
    return int(found[1]) * 1024 if found else 0


def test_files_of_every_kind_come_back(world, tell):
    root = world.site.media_root
    world.patience_seconds = 60  # the emulator takes a while for the large one
    write_all_kinds(root)
    os.mkfifo(root / "pipe")
    before, links = state_of_media(root), links_of(root)
    peak_bytes = peak_of_a_backup(world)
    (backup_id,) = world.complete_backups()
    address = Address(world.site.store_url, world.site.shelf, backup_id)
    record = read_backup(world.store(), address).record
    assert [one.path for one in record.media.skipped] == ["pipe"]
    assert world.damage_of(backup_id) == []
    now = world.next_moment()
    (root / "large").unlink()
    restored = Child(lambda: world.restore(address, now), log=world.log)
    assert restored.wait() == 0, restored.words()
    assert (state_of_media(root), links_of(root)) == (before, links)
    tell(
        f"{peak_bytes / 1e6:.0f} MB of memory for a file of {LARGE_BYTES / 1e6:.0f} MB"
    )
    assert peak_bytes <= PEAK_BYTES


def test_files_that_change_and_vanish_all_the_time(world, rounds):
    """Each file in the backup is one of those that were there, whole; none is mixed."""
    root, some = world.site.media_root, rounds(15)
    for _ in some:
        with changing(root, chance=some.chance):
            backup = world.take_backup(world.next_moment())
        assert world.damage_of(backup.address.id) == []
        for file in read_manifest(backup, store=world.store()):
            data = world.store().read(world.site.shelf.blob(file.sha256))
            assert len(set(data)) <= 1 or not file.path.startswith("changing"), file
        reasons = {one.reason for one in backup.record.media.skipped}
        assert reasons <= {
            "it was deleted during the backup",
            "it kept changing while it was read",
        }
