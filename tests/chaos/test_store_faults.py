"""Buckets that fail, lie or lose bytes under whole backups and restores."""

import os
import random
from contextlib import ExitStack, contextmanager
from dataclasses import replace

import pytest
from django.conf import settings
from test_killed_restore import NEW, OLD, Sides

from socle.backups.exceptions import BackupError, StoreUnavailable
from socle.backups.stores import google_account, retry
from socle.backups.tests.faults import (
    Between,
    Mended,
    answered,
    cut,
    flipped,
    lost,
    truncated,
)
from socle.backups.tests.store_servers import S3_BUCKET, Rclone
from socle.embedded.testing import free_port, running

PASSING = [answered(500), answered(503), answered(429), cut, lost]
PATIENCE_SECONDS = 1.5


class Unsteady(Between):
    """Fails by chance: `share` of all requests, each with one of `faults`."""

    share = 0.0
    faults: tuple = ()
    methods: tuple = ()
    chance = random.Random(0)
    failed = 0

    def _fault_for(self, request):
        if request.method not in self.methods or self.chance.random() >= self.share:
            return None
        self.failed += 1
        return self.chance.choice(self.faults)

    @contextmanager
    def failing(self, share, faults, *, chance, methods=("GET", "POST", "PUT")):
        self.share, self.faults, self.methods = share, tuple(faults), methods
        self.chance, self.failed = chance, 0
        try:
            yield
        finally:
            self.share = 0.0


@pytest.fixture
def google(servers, monkeypatch):
    """The emulator with faults before it; nothing waits long."""
    monkeypatch.setattr(retry, "FIRST_PAUSE_SECONDS", 0.01)
    signed_in = google_account.signed_in
    monkeypatch.setattr(
        google_account,
        "signed_in",
        lambda key: replace(signed_in(key), is_emulated=False),
    )
    unsteady = Unsteady(os.environ["STORAGE_EMULATOR_HOST"], mending=Mended)
    with unsteady.running():
        monkeypatch.setenv("STORAGE_EMULATOR_HOST", unsteady.url)
        yield unsteady, settings.BACKUP_STORAGE_URL


@pytest.fixture
def s3(tmp_path, monkeypatch):
    monkeypatch.setattr(retry, "FIRST_PAUSE_SECONDS", 0.01)
    server = Rclone(tmp_path / "served", free_port())
    with ExitStack() as stack:
        stack.enter_context(running(server, "rclone", log=tmp_path / "rclone.log"))
        unsteady = stack.enter_context(Unsteady(server.url).running())
        for name, value in server.variables.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("AWS_ENDPOINT_URL_S3", unsteady.url)
        yield unsteady, f"s3://{S3_BUCKET}"


@pytest.fixture(params=["google", "s3"])
def bucket(request):
    return request.getfixturevalue(request.param)


def test_a_backup_into_a_bucket_that_fails_now_and_then(world, bucket, rounds, tell):
    unsteady, url = bucket
    world.site = replace(world.site, store_url=f"{url}/chaos")
    world.patience_seconds = PATIENCE_SECONDS
    some, whole, gave_up = rounds(40), set(), []
    shares = [1.0, 0.02, 0.1, 0.3, 0.7]
    for number in some:
        world.change(f"round {number}", files=15)
        share = some.chance.choice(shares) if number > 1 else shares[number]
        try:
            with unsteady.failing(share, PASSING, chance=some.chance):
                world.take_backup(world.next_moment())
        except StoreUnavailable as error:
            gave_up.append(str(error))
        fresh = set(world.complete_backups()) - whole
        assert world.damage_of(*fresh) == [], f"round {number}, share {share}"
        whole |= fresh
    world.take_backup(world.next_moment())
    assert world.damage_of(*world.complete_backups()) == []
    tell(f"  {len(whole)} backups, {len(gave_up)} times there was none")
    assert whole
    assert gave_up
    assert all(url in words for words in gave_up), gave_up


def test_a_restore_from_a_bucket_that_fails_or_lies(world, google, rounds, tell):
    unsteady, _ = google
    world.patience_seconds = PATIENCE_SECONDS
    sides, some, seen = Sides.of(world), rounds(30), []
    for number in some:
        share = some.chance.choice([0.02, 0.1, 0.4])
        faults = some.chance.choice([PASSING, [truncated], [flipped]])
        try:
            with unsteady.failing(share, faults, chance=some.chance, methods=("GET",)):
                world.restore(sides.address, world.next_moment())
        except BackupError:
            seen.append(OLD)
        else:
            seen.append(NEW)
        what = f"round {number}, {share} of {len(faults)} faults"
        assert sides.side(what) == seen[-1], what
        if seen[-1] == NEW:
            sides.undo(what)
    tell(f"  {seen.count(NEW)} restored, {seen.count(OLD)} refused")


def damaged(data: bytes, chance: random.Random) -> bytes:
    at = chance.randrange(len(data))
    return chance.choice(
        [
            data[:at],
            data[:at] + bytes([data[at] ^ (1 << chance.randrange(8))]) + data[at + 1 :],
            data + b"\0",
            data[:at] + data[at + 1 :],
        ]
    )


def test_damage_in_a_store_is_seen_and_never_restored(world, tmp_path, rounds, tell):
    """Any object of the backup but its record, which only says what must be there."""
    folder = tmp_path / "store"
    world.site = replace(world.site, store_url=folder.as_uri())
    sides, some = Sides.of(world), rounds(60)
    objects = [
        path
        for path in folder.rglob("*")
        if path.is_file() and path.name != "backup.json"
    ]
    for number in some:
        path = some.chance.choice(sorted(objects))
        data = path.read_bytes()
        path.write_bytes(damaged(data, some.chance))
        what = f"round {number}, {path.relative_to(folder)}"
        assert len(world.damage_of(sides.address.id)) == 1, what
        if number % 3 == 0:
            with pytest.raises(BackupError):
                world.restore(sides.address, world.next_moment())
            assert sides.side(what) == OLD
        path.write_bytes(data)
    assert world.damage_of(sides.address.id) == []
    world.restore(sides.address, world.next_moment())
    assert sides.side("whole again") == NEW
