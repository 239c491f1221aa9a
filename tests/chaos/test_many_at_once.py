"""Runs that are started together: one works, the others say who does."""

from rounds import Child
from test_killed_restore import NEW, OLD, Sides
from world import BEGINNING

from socle.backups.format.backup_metadata import DrillProof
from socle.backups.format.namespace import PROOF
from socle.backups.gc.retention import Policy


def test_of_several_runs_at_once_one_works_and_the_others_say_so(world, rounds, tell):
    sides, some, worked, refused = Sides.of(world), rounds(25), 0, 0
    proof = DrillProof(BEGINNING, 1.0, 1, 1, 1, 1)  # for which no prune removes it
    world.store().put(sides.address.folder + PROOF, proof.to_json())
    for number in some:
        children = []
        for kind in some.chance.choices(["backup", "backup", "prune", "restore"], k=3):
            now = world.next_moment()
            work = {
                "backup": lambda now=now: world.backup(now),
                "prune": lambda now=now: world.prune(now, policy=Policy(3, 0, 0)),
                "restore": lambda now=now: world.restore(sides.address, now),
            }[kind]
            children.append((kind, Child(work, log=world.log)))
        what = f"round {number}, {[kind for kind, _ in children]}"
        outcomes = [(kind, child.wait(), child.words()) for kind, child in children]
        for kind, status, words in outcomes:
            assert status == 0 or "AlreadyRunning: Another " in words, (
                f"{what}: {kind} failed:\n{words}"
            )
        worked += sum(status == 0 for _, status, _ in outcomes)
        refused += sum(status != 0 for _, status, _ in outcomes)
        assert any(status == 0 for _, status, _ in outcomes), what
        restored = ("restore", 0) in [outcome[:2] for outcome in outcomes]
        assert sides.side(what) == (NEW if restored else OLD), what
        if restored:
            sides.undo(what)
            assert sides.side(what) == OLD
        assert world.damage_of(*world.complete_backups()) == [], what
    tell(f"  {worked} worked, {refused} were told who does")
    assert refused
