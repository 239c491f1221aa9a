"""kill -9 of a restore, and restarts of Postgres under one, at random moments."""

import signal
import time
from dataclasses import dataclass
from functools import partial

import pytest
from rounds import KILLED, Child, seconds_of, wait_for
from world import state_of, state_of_media

from socle.backups.format.namespace import Address
from socle.backups.swap.swap_journal import journal_path

LOCK_SECONDS = 60
OLD, NEW = "old", "new"


@dataclass
class Sides:
    """The site is OLD, and a restore of the only backup makes it NEW."""

    world: object
    address: Address
    states: dict[tuple[str, str], str]
    log: object

    @classmethod
    def of(cls, world) -> "Sides":
        world.change("new")
        new = state(world)
        taken = Child(lambda: world.backup(world.next_moment()), log=world.log)
        assert taken.wait() == 0, taken.words()
        world.next_moment()
        (backup_id,) = world.complete_backups()
        world.change("old")
        address = Address(world.site.store_url, world.site.shelf, backup_id)
        return cls(world, address, {new: NEW, state(world): OLD}, world.log)

    def begin(self) -> Child:
        now = self.world.next_moment()
        return Child(lambda: self.world.restore(self.address, now), log=self.log)

    def undo(self, what: str) -> None:
        now = self.world.next_moment()
        child = Child(lambda: self.world.undo(now), log=self.log)
        assert child.wait() == 0, f"{what}: the undo failed:\n{child.words()}"

    def side(self, what: str) -> str:
        """After what any run does first: all old or all new, and no lock left."""
        wait_for(
            self.world.is_lock_free,
            seconds=LOCK_SECONDS,
            what=f"{what}: a lock is left",
        )
        child = Child(self.world.settle, log=self.log)
        assert child.wait() == 0, f"{what}: nothing settles it:\n{child.words()}"
        assert not journal_path(self.world.site.media_root).exists(), what
        found = state(self.world)
        assert found in self.states, f"{what}: database and media are neither"
        return self.states[found]

    def is_undone(self, side: str, what: str) -> None:
        """Whatever came of it: a restore, and an undo after it, work."""
        if side == OLD:
            child = self.begin()
            assert child.wait() == 0, f"{what}: no restore:\n{child.words()}"
            assert self.side(what) == NEW
        self.undo(what)
        assert self.side(what) == OLD


def state(world) -> tuple[str, str]:
    return state_of(world.site.database), state_of_media(world.site.media_root)


@pytest.fixture
def sides(world):
    return Sides.of(world)


def test_a_restore_that_is_killed_at_any_moment(sides, rounds, tell):
    longest = seconds_of(lambda: sides.begin().wait())
    sides.is_undone(NEW, "the first")
    some, seen = rounds(100), []
    for number in some:
        delay = some.chance.choice([anywhere, late])(some.chance, longest)
        what = f"round {number}, killed after {delay:.3f} s"
        status = sides.begin().kill_after(delay)
        assert status in (0, KILLED), what
        side = sides.side(what)
        assert status == KILLED or side == NEW
        seen.append((status, side))
        sides.is_undone(side, what)
    tell(f"  a restore takes {longest:.2f} s; {tally(seen)}")


def test_a_postgres_that_restarts_during_a_restore(sides, servers, rounds, tell):
    longest = seconds_of(lambda: sides.begin().wait())
    sides.is_undone(NEW, "the first")
    some, seen = rounds(20), []
    for number in some:
        delay = some.chance.choice([anywhere, late])(some.chance, longest)
        how = [signal.SIGINT, signal.SIGKILL][number % 2]
        what = f"round {number}, {how.name} to Postgres after {delay:.3f} s"
        child = sides.begin()
        time.sleep(delay)
        servers.restart_postgres(how)
        status = child.wait()
        assert status in (0, 1), f"{what}:\n{child.words()}"
        side = sides.side(what)
        assert (status == 0) == (side == NEW), f"{what}:\n{child.words()}"
        seen.append((status, side))
        sides.is_undone(side, what)
    tell(f"  a restore takes {longest:.2f} s; {tally(seen)}")


def test_a_forgetting_that_is_killed_at_any_moment(sides, rounds, tell):
    """What it began to drop is never swapped in by an undo."""
    world = sides.world

    def forgetting() -> Child:
        restore = sides.begin()
        assert restore.wait() == 0, restore.words()
        return Child(world.forget, log=sides.log)

    longest = seconds_of(forgetting().wait)
    some, seen = rounds(60), []
    for number in some:
        world.change(f"round {number}")
        sides.states = {**sides.states, state(world): what_was(number)}
        delay = some.chance.uniform(0, longest)
        what = f"round {number}, killed after {delay:.3f} s"
        forgetting().kill_after(delay)
        assert sides.side(what) == NEW
        undo = Child(partial(world.undo, world.next_moment()), log=sides.log)
        status = undo.wait()
        assert status in (0, 1), f"{what}:\n{undo.words()}"
        found = sides.side(what)
        assert found == (NEW if status else what_was(number)), what
        assert not status or "NothingKept" in undo.words(), undo.words()
        seen.append(found)
    tell(f"  {seen.count(NEW)} of {len(seen)} had been forgotten")


def what_was(number: int) -> str:
    return f"{OLD}, {number}"


def anywhere(chance, longest: float) -> float:
    return chance.uniform(0, longest)


def late(chance, longest: float) -> float:
    """Where the swap is, and what comes after it."""
    return chance.uniform(longest * 0.7, longest * 1.1)


def tally(seen) -> str:
    names = {KILLED: "killed", 0: "done", 1: "failed"}
    return ", ".join(
        f"{seen.count(one)} {names[one[0]]} and {one[1]}" for one in sorted(set(seen))
    )
