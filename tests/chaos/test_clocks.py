"""Clocks that jump: by hours, days and years, back and forth."""

import hashlib
import os
from datetime import timedelta

from world import BEGINNING

from socle.backups.format.backup_metadata import read_backup
from socle.backups.format.media_manifest import read_manifest
from socle.backups.format.namespace import Address

JUMPS = [0.001, 1, 24, -1, -25, 24 * 40, -24 * 40, 24 * 366, -24 * 366]


def test_a_backup_after_a_jump_of_the_clock_has_every_change(world, rounds):
    """What has not changed since the last night is not read again: by which clock?"""
    some, now = rounds(40), BEGINNING
    root = world.site.media_root
    for number in some:
        now += timedelta(hours=some.chance.choice(JUMPS), seconds=1)
        path = root / "0" / f"photo {some.chance.choice([0, 5, 10])}.jpg"
        path.write_bytes(some.chance.randbytes(path.stat().st_size))
        moment = (now - timedelta(seconds=some.chance.choice([0, 1, 600]))).timestamp()
        os.utime(path, (moment, moment))
        backup = world.take_backup(now)
        address = Address(world.site.store_url, world.site.shelf, backup.address.id)
        listed = read_backup(world.store(), address)
        kept = {
            file.path: file.sha256
            for file in read_manifest(listed, store=world.store())
        }
        found = {
            file.relative_to(root).as_posix(): hashlib.sha256(
                file.read_bytes()
            ).hexdigest()
            for file in root.rglob("*")
            if file.is_file()
        }
        assert kept == found, f"round {number}"
    ids = world.complete_backups()
    assert len(ids) == len(set(ids)) == some.count
