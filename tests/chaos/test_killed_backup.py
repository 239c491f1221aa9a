"""kill -9 of a backup, of its pg_dump and of the store's server, at random moments."""

import signal
import time

from rounds import KILLED, Child, seconds_of, wait_for
from servers import children_of, kill

LOCK_SECONDS = 60
MOST_BACKUPS = 40


class Checks:
    """After each round: no backup that is none, no lock, and the next run succeeds."""

    def __init__(self, world):
        self.world = world
        self.whole: set[str] = set()
        self.slowest_lock = 0.0

    def seconds_of_a_run(self) -> float:
        """Of one in the middle: the first sends everything."""
        self.next_run_succeeds("the first run")
        self.world.change("second", files=15)
        return seconds_of(lambda: self.begin().wait())

    def begin(self) -> Child:
        now = self.world.next_moment()
        return Child(lambda: self.world.backup(now), log=self.world.log)

    def after(self, what: str) -> None:
        waited = wait_for(
            self.world.is_lock_free,
            seconds=LOCK_SECONDS,
            what=f"{what}: a lock is left",
        )
        self.slowest_lock = max(self.slowest_lock, waited)
        self.every_listed_backup_is_whole(what)

    def every_listed_backup_is_whole(self, what: str) -> None:
        fresh = set(self.world.complete_backups()) - self.whole
        assert self.world.damage_of(*fresh) == [], what
        self.whole |= fresh

    def next_run_succeeds(self, what: str) -> float:
        """How many seconds it took."""
        before, began = len(self.whole), time.monotonic()
        child = self.begin()
        assert child.wait() == 0, f"{what}: the next run failed:\n{child.words()}"
        seconds = time.monotonic() - began
        self.every_listed_backup_is_whole(what)
        assert len(self.whole) == before + 1
        if len(self.whole) > MOST_BACKUPS:
            self.all_stay_whole()
            self.world.use_another_store()
            self.whole = set()
        return seconds

    def all_stay_whole(self) -> None:
        assert self.world.damage_of(*self.world.complete_backups()) == []

    def conclude(self, tell, outcomes: list[int], *, longest: float) -> None:
        killed, done = outcomes.count(KILLED), outcomes.count(0)
        tell(
            f"  a run takes {longest:.2f} s; {killed} killed, {done} done, "
            f"{len(outcomes) - killed - done} failed by themselves; "
            f"longest wait for the lock {self.slowest_lock:.1f} s"
        )
        self.all_stay_whole()


def test_a_backup_that_is_killed_at_any_moment(world, rounds, tell):
    checks, outcomes = Checks(world), []
    longest = checks.seconds_of_a_run()
    some = rounds(200)
    for number in some:
        world.change(f"round {number}", files=15)
        delay = some.chance.uniform(0, longest * 1.1)
        what = f"round {number}, killed after {delay:.3f} s"
        outcomes.append(checks.begin().kill_after(delay))
        checks.after(what)
        # Anew each time: where others work as well, a run may soon be much faster.
        longest = checks.next_run_succeeds(what)
    checks.conclude(tell, outcomes, longest=longest)
    assert outcomes.count(KILLED) >= len(outcomes) / 3
    assert set(outcomes) <= {0, KILLED}


def test_a_pg_dump_that_is_killed_at_any_moment(world, rounds, tell):
    checks, outcomes = Checks(world), []
    longest = checks.seconds_of_a_run()
    some = rounds(50)
    for number in some:
        # The first without a delay: where runs are fast, all others may come too late.
        delay = some.chance.uniform(0, longest * 0.3) if number else 0.0
        child = checks.begin()
        dump = None
        while dump is None and not child.has_ended():
            dump = next(iter(children_of(child.pid, name="pg_dump")), None)
        time.sleep(delay)
        if dump is not None:
            kill(dump)
        outcomes.append(child.wait())
        if outcomes[-1] != 0:
            assert "pg_dump was killed (9)" in child.words()
        what = f"round {number}, pg_dump killed after {delay:.3f} s"
        checks.after(what)
        checks.next_run_succeeds(what)
    checks.conclude(tell, outcomes, longest=longest)
    assert 1 in outcomes, "no pg_dump was caught in its work"
    assert set(outcomes) <= {0, 1}


def test_a_store_whose_server_is_killed_at_any_moment(world, servers, rounds, tell):
    """It comes back after a while: in the time that a run waits for it, or later."""
    checks, outcomes = Checks(world), []
    longest = checks.seconds_of_a_run()
    some = rounds(50)
    for number in some:
        world.change(f"round {number}", files=15)
        delay = some.chance.uniform(0, longest)
        away = some.chance.choice([0.0, 0.5, world.patience_seconds + 2])
        child = checks.begin()
        time.sleep(delay)
        servers.storage.stop(signal.SIGKILL)
        if away > world.patience_seconds:
            outcomes.append(child.wait())
            servers.start_storage()
        else:
            time.sleep(away)
            servers.start_storage()
            outcomes.append(child.wait())
        what = f"round {number}, killed after {delay:.3f} s, away for {away} s"
        checks.after(what)
        checks.next_run_succeeds(what)
    checks.conclude(tell, outcomes, longest=longest)
    assert set(outcomes) <= {0, 1}
